// The effective settings, as YAML and JSON. Secrets are shown as "<secret>".
#pragma once

#include <string>

#include "host/config/settings.hpp"
#include "stipend/json.hpp"

namespace stipend::config {

// YAML that loads as the same settings, apart from secrets.
[[nodiscard]] std::string dump_yaml(const Settings& settings);
[[nodiscard]] Json dump_json(const Settings& settings);

// Any tree as YAML in block style; it reads as the same tree again.
[[nodiscard]] std::string to_yaml(const Node& root);

}  // namespace stipend::config
