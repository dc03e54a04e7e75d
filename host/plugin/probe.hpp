// Asks the small program stipend-probe to try a library, so that whatever a strange library does, it does elsewhere.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "host/plugin/description.hpp"
#include "stipend/result.hpp"

namespace stipend::plugin {

// A configuration to try: check_config, and for a pure plugin create, bounds and one decision too.
struct ProbeConfig {
    std::string plugin_id;
    std::string config_json;
    stipend_terms terms;
};

struct ProbeOptions {
    std::filesystem::path program;  // stipend-probe
    int timeout_ms = 5000;
};

// What the library in `copy` says of itself. A crash, a hang, an exit or an answer that is none becomes an error that
// names the step; an error of the configuration keeps its JSON pointer. Blocks for a few milliseconds; [any] thread.
Result<LibraryDescription> probe(const std::filesystem::path& copy, const std::filesystem::path& shown_as,
                                 const std::optional<ProbeConfig>& config, const ProbeOptions& options);

// The program's side: reads a request from `in`, answers on `out`. Returns the exit status.
int probe_main(int in, int out);

}  // namespace stipend::plugin
