// The page for man(5) about the configuration, made from the schema of the settings.
#pragma once

#include <string>
#include <vector>

namespace stipend::cli {

// stipend-config(5): every setting of a manager and of a worker, with what it takes, its default and its variables.
[[nodiscard]] std::string settings_page();
// "NAME what it does" of each variable of the environment that feeds a setting of a manager or a worker, by name.
[[nodiscard]] std::vector<std::string> settings_environment();

}  // namespace stipend::cli
