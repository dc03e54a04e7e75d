// What a schema cannot say: rules between one setting and another.
#pragma once

#include <string>
#include <vector>

#include "host/config/diagnostic.hpp"
#include "host/config/node.hpp"
#include "host/config/settings.hpp"

namespace stipend::config {

// Completes the settings by the lists that variables give, and reports what does not fit together. An orchestrator or
// another item that does not fit its schema has empty members here.
void cross_check(const Node& root, Settings& settings, Diagnostics& diagnostics, std::vector<std::string>& warnings);

}  // namespace stipend::config
