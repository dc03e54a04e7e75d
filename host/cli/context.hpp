// What every subcommand needs: the configuration, the plugin loader, and one way of saying what is wrong.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "host/config/diagnostic.hpp"
#include "host/config/settings.hpp"
#include "host/ledger/ledger.hpp"
#include "host/plugin/loader.hpp"

namespace stipend::cli {

// Exit status of every command.
inline constexpr int exit_good = 0;
inline constexpr int exit_bad = 1;      // the thing asked about is bad
inline constexpr int exit_usage = 2;    // the command line is
inline constexpr int exit_differs = 3;  // what was computed again is not what is recorded
inline constexpr int exit_waiting = 4;  // it is not over yet: the same command goes on

struct Common {
    std::string config_file = "config.yaml";
    bool json = false;
};

// The folder of the running program; "." where it is not known.
[[nodiscard]] std::filesystem::path program_folder();

// What a command reads of a configuration. What is wrong with the rest of the file does not keep it from its work: the
// file may be half edited by now, or take credentials that only the service can read.
enum class Reads : std::uint8_t {
    place,   // where the host's state is
    ledger,  // and whose ledger that is
    terms,   // and what is paid to each orchestrator
};
// Prints the diagnostics and sets `status` where something that is read is wrong; what else is wrong is a warning on
// standard error.
[[nodiscard]] std::optional<config::Settings> settings_for(Reads reads, const Common& common, int& status);

// The ledger of the state folder: to be read, beside a host that runs or without one; or written, where none runs.
[[nodiscard]] Result<std::unique_ptr<ledger::Ledger>> open_ledger(const config::Settings& settings,
                                                                  ledger::Access access);

// Where plugins come from and where they are staged under these settings.
[[nodiscard]] plugin::LoaderOptions loader_options(const config::Settings& settings);

// A folder in which a command tries plugins, removed with this object. A command that only reads stages nothing in the
// state folder: started by another user, it would leave files there that the service cannot replace.
class TrialFolder {
  public:
    // In the first folder for temporary files that may hold code. UNAVAILABLE where there is none.
    static Result<TrialFolder> create();
    ~TrialFolder();
    TrialFolder(TrialFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    TrialFolder& operator=(TrialFolder&&) = delete;
    TrialFolder(const TrialFolder&) = delete;
    TrialFolder& operator=(const TrialFolder&) = delete;

    // As loader_options, with this folder for the private copies.
    [[nodiscard]] plugin::LoaderOptions loader_options(const config::Settings& settings) const;

  private:
    explicit TrialFolder(std::filesystem::path path) : path_(std::move(path)) {}
    std::filesystem::path path_;
};

// Prints diagnostics to stderr, as text or as JSON; returns the exit status.
int print_diagnostics(const config::Diagnostics& diagnostics, bool json);
// Prints "stipend: message" to stderr; returns exit_bad.
int print_error(const Error& error);
// Prints "stipend: text" to stderr.
void print_notice(const std::string& text);

}  // namespace stipend::cli
