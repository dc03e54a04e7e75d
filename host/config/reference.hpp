// What the table of options says, for editors and for people.
#pragma once

#include <string>

#include "stipend/json.hpp"

namespace stipend::config {

// JSON Schema 2020-12 of a configuration file as it is written, expansions included. All objects are closed.
[[nodiscard]] Json settings_schema();
// The text of docs/configuration.md.
[[nodiscard]] std::string settings_reference();

}  // namespace stipend::config
