#include "host/base/program_paths.hpp"

#include <unistd.h>

#include <string>

namespace stipend {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view commands_folder = "libexec/stipend";  // below the prefix, as the installation rules have it

bool may_execute(const fs::path& file) {
    std::error_code error;
    return fs::is_regular_file(file, error) && ::access(file.c_str(), X_OK) == 0;
}

}  // namespace

Result<fs::path> own_folder() {
    std::error_code error;
    const auto self = fs::read_symlink("/proc/self/exe", error);
    if (error) return fail(STIPEND_E_UNAVAILABLE, "/proc/self/exe: ", error.message());
    return self.parent_path();
}

fs::path folder_of_stipend(const fs::path& folder) {
    const auto prefix = folder.parent_path().parent_path();
    return folder == prefix / commands_folder ? prefix / "bin" : folder;
}

std::optional<fs::path> command_program(const fs::path& folder, std::string_view name) {
    const auto file = "stipend-" + std::string(name);
    for (const auto& place : {folder.parent_path() / commands_folder, folder}) {
        if (may_execute(place / file)) return place / file;
    }
    return std::nullopt;
}

}  // namespace stipend
