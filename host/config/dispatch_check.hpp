// What the settings of the dispatchers have to be beside what their schema says.
#pragma once

#include <string>
#include <vector>

#include "host/config/diagnostic.hpp"
#include "host/config/node.hpp"
#include "host/config/settings.hpp"

namespace stipend::config {

// Each name once, and each reference to one that is there; `warnings` gets one for each that nothing names. `root` is
// what the settings were read from.
void check_dispatchers(const Node& root, const Settings& settings, Diagnostics& diagnostics,
                       std::vector<std::string>& warnings);

}  // namespace stipend::config
