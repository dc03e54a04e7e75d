// The schema of the settings, for editors as JSON Schema and for operators as Markdown.
#pragma once

#include <string>

#include "host/config/settings.hpp"
#include "stipend/json.hpp"

namespace stipend::config {

// JSON Schema 2020-12 of a configuration file of that role as it is written, expansions included. All objects are
// closed.
[[nodiscard]] Json settings_schema(Role role = Role::manager);
// The text of docs/configuration.md.
[[nodiscard]] std::string settings_reference();

}  // namespace stipend::config
