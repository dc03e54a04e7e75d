#include "host/cli/context.hpp"

#include <cstdio>

namespace stipend::cli {

std::filesystem::path program_folder() {
    std::error_code ec;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", ec);
    return ec ? std::filesystem::path(".") : self.parent_path();
}

plugin::LoaderOptions loader_options(const config::Settings& settings) {
    const auto program = program_folder();
    const std::filesystem::path folder = settings.plugin_folder.empty()
                                             ? program.parent_path() / "lib" / "stipend" / "plugins"
                                             : std::filesystem::path(settings.plugin_folder);
    return {.folder = folder,
            .staging = std::filesystem::path(settings.state) / "plugins",
            .probe = {.program = program / "stipend-probe"}};
}

int print_problems(const config::Problems& problems, bool json) {
    if (problems.empty()) return exit_good;
    const auto text = json ? problems.json().dump() + "\n" : problems.text();
    std::fputs(text.c_str(), stderr);
    return exit_bad;
}

int print_error(const Error& error) {
    std::fprintf(stderr, "stipend: %s\n", error.message.c_str());
    return exit_bad;
}

}  // namespace stipend::cli
