// The process beside the one that calls the plugin: it ends a call that takes too long, finds what the plugin left
// running, and answers whatever becomes of the other process.
#pragma once

#include <string>

#include "stipend/json.hpp"

namespace stipend::plugin {

// Tries the library of the request in a child. The answer is a description, or {"error", "path"}.
std::string supervise(const Json& request);

}  // namespace stipend::plugin
