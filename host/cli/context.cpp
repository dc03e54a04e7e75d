#include "host/cli/context.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <span>
#include <string_view>

#include "host/config/environment.hpp"
#include "host/config/load.hpp"

namespace stipend::cli {
namespace {

std::span<const std::string_view> options_read(Reads reads) {
    static constexpr std::array<std::string_view, 8> options{
        "state", "network", "settlement", "payment", "price", "orchestrators", "orchestrator_addresses", "capabilities",
    };
    switch (reads) {
        case Reads::place:
            return std::span(options).first(1);
        case Reads::ledger:
            return std::span(options).first(3);
        case Reads::terms:
            break;
    }
    return options;
}

// Is the diagnostic about this option, or something inside it? A diagnostic without a path is about all of them.
bool touches(const config::Diagnostic& diagnostic, std::string_view option) {
    const std::string_view path = diagnostic.path;
    return path.empty() || (path.starts_with(option) &&
                            (path.size() == option.size() || path[option.size()] == '.' || path[option.size()] == '['));
}

}  // namespace

std::optional<config::Settings> settings_for(Reads reads, const Common& common, int& status) {
    config::Diagnostics diagnostics;
    auto loaded = config::load(common.config_file, config::ProcessEnvironment(), diagnostics);
    const auto read = options_read(reads);
    const auto listed = diagnostics.sorted();
    const bool in_the_way =
        listed.size() < diagnostics.count() || std::any_of(listed.begin(), listed.end(), [&](const auto& diagnostic) {
            return std::any_of(read.begin(), read.end(), [&](auto option) { return touches(diagnostic, option); });
        });
    if (in_the_way) {
        status = print_diagnostics(diagnostics, common.json);
        return std::nullopt;
    }
    return std::move(loaded.settings);
}

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

int print_diagnostics(const config::Diagnostics& diagnostics, bool json) {
    if (diagnostics.empty()) return exit_good;
    const auto text = json ? diagnostics.json().dump() + "\n" : diagnostics.text();
    std::fputs(text.c_str(), stderr);
    return exit_bad;
}

int print_error(const Error& error) {
    std::fprintf(stderr, "stipend: %s\n", error.message.c_str());
    return exit_bad;
}

void print_notice(const std::string& text) {
    std::fprintf(stderr, "stipend: %s\n", text.c_str());
}

}  // namespace stipend::cli
