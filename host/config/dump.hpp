// The effective settings, as YAML and JSON. Secrets are shown as "<secret>".
#pragma once

#include <optional>
#include <string>

#include "host/config/settings.hpp"
#include "host/config/tables.hpp"
#include "stipend/json.hpp"

namespace stipend::config {

// YAML that loads as the same settings, apart from secrets. With `tables` it names the file that they come from as
// well.
[[nodiscard]] std::string dump_yaml(const Settings& settings, const std::optional<TablesText>& tables = {});
[[nodiscard]] Json dump_json(const Settings& settings, const std::optional<TablesText>& tables = {});

// Any tree as YAML in block style; it reads as the same tree again.
[[nodiscard]] std::string to_yaml(const Node& root);

}  // namespace stipend::config
