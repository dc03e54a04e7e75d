// Asks the small program stipend-probe to try a library, so that whatever a strange library does, it does elsewhere.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "host/plugin/description.hpp"
#include "stipend/result.hpp"

namespace stipend::plugin {

// A configuration to try: the whole life of some instances with it, on a host without effects.
struct ProbeConfig {
    std::string plugin_id;
    std::string config_json;
    stipend_terms terms;
};

struct ProbeOptions {
    std::filesystem::path program;  // stipend-probe
    int timeout_ms = 5000;          // for each call of the plugin; four times as much for all calls together
    bool sandboxed = false;         // the library is tried in the sandbox of a process of its own
};

// What the library in `copy` says of itself, and what the probe noticed. It is loaded, initialised and left again, and
// tried with `config` if there is one. A crash, a hang, an exit or another broken rule becomes an error that names the
// file, the call and the cause; what the plugin itself says of the configuration is CONFIG, with its JSON pointer.
// Blocks for some milliseconds; [any] thread.
Result<LibraryDescription> probe(const std::filesystem::path& copy, const std::filesystem::path& shown_as,
                                 const std::optional<ProbeConfig>& config, const ProbeOptions& options);

}  // namespace stipend::plugin
