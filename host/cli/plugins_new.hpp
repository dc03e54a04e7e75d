// `stipend plugins new`: a project of a plugin, from the templates that are installed with the SDK.
#pragma once

#include <filesystem>
#include <string>

#include "stipend/result.hpp"

namespace CLI {
class App;
}

namespace stipend::cli {

struct NewPluginOptions {
    std::string kind = "policy";
    std::string language = "c++";
    std::string name;    // lower case letters, digits and single hyphens
    std::string folder;  // empty: one of that name in the present folder
};
// Returns the exit status. What is there is never overwritten.
int plugins_new(const NewPluginOptions& options);

// The templates and SDKs in other languages: share/stipend beside the folder of the program.
[[nodiscard]] std::filesystem::path sdk_share();

// Writes the project and returns its folder. INVALID: the name, or no such template. CONFLICT: the folder is not empty.
// UNAVAILABLE: templates or folder cannot be read or written; then some files of the project may be there.
Result<std::filesystem::path> make_project(const std::filesystem::path& share, const NewPluginOptions& options);

// Below `plugins`. All outlive it.
void add_plugins_new_command(CLI::App& plugins, NewPluginOptions& options, int& status);

}  // namespace stipend::cli
