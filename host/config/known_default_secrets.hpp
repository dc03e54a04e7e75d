// Secrets that are publicly known, since the Python deployment published them with its sources.
#pragma once

#include <string>
#include <vector>

#include "host/config/diagnostic.hpp"
#include "host/config/node.hpp"
#include "host/config/settings.hpp"

namespace stipend::config {

// Looks for them in the expanded tree, wherever a value is a secret by its key or by the variable that fed it. While
// every listener is on loopback each is a warning, "file:line:column: path: message"; otherwise it is a diagnostic.
void check_published(const Node& root, const Settings& settings, Diagnostics& diagnostics,
                     std::vector<std::string>& warnings);

}  // namespace stipend::config
