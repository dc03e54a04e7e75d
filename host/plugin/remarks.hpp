// What is to be said of a plugin's own description beyond whether it may be loaded.
#pragma once

#include <filesystem>
#include <vector>

#include "host/plugin/description.hpp"
#include "host/plugin/finding.hpp"

namespace stipend::plugin {

// Warnings, each with its rule and the file's name: no version; a configuration schema that lets unknown keys pass.
[[nodiscard]] std::vector<Finding> remarks(const LibraryDescription& library, const std::filesystem::path& shown_as);

// Whether the plugin's schema allows an empty configuration. An error where the schema itself is wrong.
Result<bool> accepts_nothing(const Description& plugin, const std::filesystem::path& shown_as);

}  // namespace stipend::plugin
