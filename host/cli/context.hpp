// What every subcommand needs: the configuration, the plugin loader, and one way of saying what is wrong.
#pragma once

#include <filesystem>
#include <string>

#include "host/config/problem.hpp"
#include "host/config/settings.hpp"
#include "host/plugin/loader.hpp"

namespace stipend::cli {

// Exit status of every command.
inline constexpr int exit_good = 0;
inline constexpr int exit_bad = 1;    // the thing asked about is bad
inline constexpr int exit_usage = 2;  // the command line is

struct Common {
    std::string config_file = "config.yaml";
    bool json = false;
};

// The folder of the running program, from /proc/self/exe.
[[nodiscard]] std::filesystem::path program_folder();

// Where plugins come from and where they are staged under these settings.
[[nodiscard]] plugin::LoaderOptions loader_options(const config::Settings& settings);

// Prints problems to stderr, as text or as JSON; returns the exit status.
int print_problems(const config::Problems& problems, bool json);
// Prints "stipend: message" to stderr; returns exit_bad.
int print_error(const Error& error);

}  // namespace stipend::cli
