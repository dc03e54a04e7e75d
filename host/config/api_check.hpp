// What the options of the manager's API must have in common.
#pragma once

#include "host/config/diagnostic.hpp"
#include "host/config/settings.hpp"

namespace stipend::config {

void check_api(const Node& root, const Settings& settings, Diagnostics& diagnostics);
// The same for the registration of orchestrators; splits its list of networks.
void check_registration(const Node& root, Settings& settings, Diagnostics& diagnostics);

}  // namespace stipend::config
