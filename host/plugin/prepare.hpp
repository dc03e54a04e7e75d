// From what the operator wrote about a plugin to a library that has taken it: load, schema, the plugin's own check.
#pragma once

#include <optional>
#include <string>

#include "host/config/plugin_config.hpp"
#include "host/config/settings.hpp"
#include "host/plugin/loader.hpp"

namespace stipend::plugin {

struct Prepared {
    Chosen chosen;
    std::string config_json;  // holds the secrets themselves
};

// The plugin of `reference` with `config`, which is at `path` ("payment.policy.config"). Whatever is wrong goes to
// `diagnostics` with its place in the file, and nothing is returned. Blocks for some milliseconds: not on [control].
std::optional<Prepared> prepare(Loader& loader, const config::PluginRef& reference, const config::Tree& config,
                                const std::string& path, const char* kind, const stipend_terms& terms,
                                config::Diagnostics& diagnostics);

// A target that a monitor is to look at, with its place in the file.
struct PlannedTarget {
    std::string path;  // "orchestrators[0].checks[1].target"; its options are beside it
    std::string endpoint;
    config::Tree options;  // of the target; NULL: none
    config::SourcePos pos;
};

// Reports a target that the monitor can never look at, by the monitor's own parser.
void check_target(const Prepared& monitor, const stipend_terms& terms, const PlannedTarget& target,
                  config::Diagnostics& diagnostics);

}  // namespace stipend::plugin
