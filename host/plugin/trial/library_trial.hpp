// The process that calls the plugin: loads one library and tries it, as far as the request asks for.
#pragma once

#include "host/plugin/trial/report.hpp"
#include "stipend/json.hpp"

namespace stipend::plugin {

// Writes the answer to `report` and ends the process by `exit`, whose handlers may be the library's.
[[noreturn]] void try_library(const Json& request, Report& report);

}  // namespace stipend::plugin
