// What the options of a worker's manager must have in common.
#pragma once

#include "host/config/diagnostic.hpp"
#include "host/config/settings.hpp"

namespace stipend::config {

// Brings the addresses into their one form, splits the list of capabilities, and sets the id where the file has none.
// Where there is no manager, nothing is wrong with the rest.
void check_membership(const Node& root, Settings& settings, Diagnostics& diagnostics);

}  // namespace stipend::config
