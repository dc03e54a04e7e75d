// What the status page has to be beside what its schema says.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/config/diagnostic.hpp"
#include "host/config/node.hpp"
#include "host/config/settings.hpp"

namespace stipend::config {

// Its names, each once, and what its services are of; `root` is what the settings were read from. A service without a
// name for people gets its own. `warnings` get those that are of no configured orchestrator, where others may register.
void check_status(const Node& root, Settings& settings, Diagnostics& diagnostics, std::vector<std::string>& warnings);

// Whether a service is of that orchestrator. [pure]
[[nodiscard]] bool shows(const StatusService& service, std::string_view key, std::string_view capability);

}  // namespace stipend::config
