// From a file to settings.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/diagnostic.hpp"
#include "host/config/environment.hpp"
#include "host/config/settings.hpp"
#include "host/config/tables.hpp"

namespace stipend::config {

struct Loaded {
    Settings settings;
    std::set<std::string> names_read;       // the environment variables that fed it, for ignored_environment()
    std::vector<std::string> warnings;      // "file:line:column: ..." of what runs, yet should be changed
    std::optional<TablesText> tables = {};  // that `payment.policy.tables_from` names
};

// Reads `file` through `environment`, expands it, fills the settings and checks them against each other.
// `diagnostics` gets the file as its source, and every diagnostic there is; what is returned may be used only where it
// stays empty. Diagnostics that plugins find in their configuration belong into the same `diagnostics` afterwards.
[[nodiscard]] Loaded load(const std::string& file, const Environment& environment, Diagnostics& diagnostics);
// The same for a text at hand; `file` is only its name. With `tables` these are taken for what `tables_from` names,
// and their file is not read.
[[nodiscard]] Loaded load_text(const std::string& file, SourceText text, const Environment& environment,
                               Diagnostics& diagnostics, const TablesText* tables = nullptr);
[[nodiscard]] Loaded load_text(const std::string& file, std::string text, const Environment& environment,
                               Diagnostics& diagnostics);

// The text with the named options of its top level and `role`, and empty lines for all others, so that places stay.
// Nothing where the options are not lines of their own, such as "state: ...".
[[nodiscard]] std::optional<std::string> only_options(std::string_view text, std::span<const std::string_view> options);

}  // namespace stipend::config
