// What every subcommand needs: the configuration, the plugin loader, and one way of saying what is wrong.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "host/config/diagnostic.hpp"
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

// What a command reads of a configuration. What is wrong with the rest of the file does not keep it from its work: the
// file may be half edited by now, or take credentials that only the service can read.
enum class Reads : std::uint8_t {
    place,   // where the host's state is
    ledger,  // and whose ledger that is
    terms,   // and what is paid to each orchestrator
};
// Prints the diagnostics and sets `status` where something that is read is wrong.
[[nodiscard]] std::optional<config::Settings> settings_for(Reads reads, const Common& common, int& status);

// Where plugins come from and where they are staged under these settings.
[[nodiscard]] plugin::LoaderOptions loader_options(const config::Settings& settings);

// Prints diagnostics to stderr, as text or as JSON; returns the exit status.
int print_diagnostics(const config::Diagnostics& diagnostics, bool json);
// Prints "stipend: message" to stderr; returns exit_bad.
int print_error(const Error& error);
// Prints "stipend: text" to stderr.
void print_notice(const std::string& text);

}  // namespace stipend::cli
