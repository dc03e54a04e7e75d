// A plugin's configuration: the mapping below `config:`, as JSON, and the places of the errors that the plugin reports.
#pragma once

#include <string>
#include <string_view>

#include "host/config/diagnostic.hpp"
#include "host/config/node.hpp"

namespace stipend::config {

// `base` with the keys of `over` laid over it, each replacing the whole value; new keys come last. NULL counts as an
// empty mapping. Every value keeps the place where it was written. Shares `base` where `over` is NULL. Never NULL.
[[nodiscard]] Tree overlay(const Tree& base, const Tree& over);

// The JSON text that the plugin gets. It holds the secrets themselves: hand it to the plugin and nowhere else.
[[nodiscard]] std::string plugin_json(const Tree& config);

// Reports an error of a plugin about its configuration: `pointer` is a JSON pointer into it (empty: all of it), `path`
// is its path, such as "payment.policy.config". An error about a configuration without places (NULL) is reported at
// `fallback`, the place of the reference to the plugin.
void report_complaint(const Tree& config, SourcePos fallback, std::string_view path, std::string_view pointer,
                      std::string_view message, Diagnostics& diagnostics);

}  // namespace stipend::config
