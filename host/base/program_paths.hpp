// Where the programs of an installation are. Those that are called by name, `stipend` first, are in PREFIX/bin; those
// that run as its commands are in PREFIX/libexec/stipend. A build tree has all of them in one folder.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "stipend/result.hpp"

namespace stipend {

// The folder of the running program. UNAVAILABLE: /proc/self/exe cannot be read.
[[nodiscard]] Result<std::filesystem::path> own_folder();

// The folder of `stipend`, for a program in `folder`: PREFIX/bin for PREFIX/libexec/stipend, and `folder` itself for
// any other.
[[nodiscard]] std::filesystem::path folder_of_stipend(const std::filesystem::path& folder);

// The program that runs as `stipend NAME`, for a `stipend` in `folder`: stipend-NAME of ../libexec/stipend, or else of
// `folder`. None where neither holds a file that this process may execute.
[[nodiscard]] std::optional<std::filesystem::path> command_program(const std::filesystem::path& folder,
                                                                   std::string_view name);

}  // namespace stipend
