// The schema of the settings, for editors as JSON Schema and for operators as a list.
#pragma once

#include <string>
#include <vector>

#include "host/config/settings.hpp"
#include "stipend/json.hpp"

namespace stipend::config {

// JSON Schema 2020-12 of a configuration file of that role as it is written, expansions included. All objects are
// closed.
[[nodiscard]] Json settings_schema(Role role = Role::manager);

// A setting, or a mapping of settings, which is followed by those in it.
struct SettingLine {
    std::string path;      // "network.asset.token"; "[]" is an entry of a list, "<name>" a name of one's own
    std::string wanted;    // "a duration from 1s to 1d, such as 60s"
    std::string fallback;  // where neither the file nor the environment says anything; empty: none
    std::vector<std::string> variables;  // of the environment, which feed it
    std::string description;
    bool required = false;
    bool holds_others = false;
};

// In the order of the schema.
[[nodiscard]] std::vector<SettingLine> settings_lines(Role role);
// The text of docs/configuration.md.
[[nodiscard]] std::string settings_reference();

}  // namespace stipend::config
