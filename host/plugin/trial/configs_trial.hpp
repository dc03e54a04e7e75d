// Tries configurations that the plugin's own schema allows, most of them at its limits.
#pragma once

#include "host/plugin/trial/life.hpp"

namespace stipend::plugin {

// Each is either refused by `check_config` with a message, or an instance is created with it, and ends. Refused: a
// crash, a configuration that `check_config` accepts and `create` does not, an error without a message.
Result<void> try_configs(Calls& calls, const Subject& subject, const std::vector<std::string>& configs);

}  // namespace stipend::plugin
