// What the settings of maintenance windows have to be beside what their schema says.
#pragma once

#include "host/config/diagnostic.hpp"
#include "host/config/node.hpp"
#include "host/config/settings.hpp"

namespace stipend::config {

// Their schedules; `root` is what the settings were read from.
void check_maintenance(const Node& root, const Settings& settings, Diagnostics& diagnostics);
// The orchestrators that they name; those of the settings have their ids.
void check_maintained(const Node& root, const Settings& settings, Diagnostics& diagnostics);

}  // namespace stipend::config
