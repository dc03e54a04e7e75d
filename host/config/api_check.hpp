// What the options of the manager's API must have in common.
#pragma once

#include "host/config/diagnostic.hpp"
#include "host/config/settings.hpp"

namespace stipend::config {

void check_api(const Node& root, const Settings& settings, Diagnostics& diagnostics);

}  // namespace stipend::config
