// What the targets of uptime have to be beside what their schema says.
#pragma once

#include "host/config/diagnostic.hpp"
#include "host/config/node.hpp"
#include "host/config/settings.hpp"

namespace stipend::config {

// Their names, capabilities and alerts; `root` is what the settings were read from.
void check_sla(const Node& root, const Settings& settings, Diagnostics& diagnostics);

}  // namespace stipend::config
