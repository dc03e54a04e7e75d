#include "host/cli/context.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>

#include "host/base/printable.hpp"
#include "host/base/program_paths.hpp"
#include "host/config/environment.hpp"
#include "host/config/load.hpp"
#include "host/ledger/backup.hpp"
#include "host/runtime/role.hpp"

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

bool in_the_way(const config::Diagnostics& diagnostics, std::span<const std::string_view> options) {
    const auto listed = diagnostics.sorted();
    return listed.size() < diagnostics.count() ||
           std::any_of(listed.begin(), listed.end(), [&](const auto& diagnostic) {
               return std::any_of(options.begin(), options.end(),
                                  [&](auto option) { return touches(diagnostic, option); });
           });
}

void print_warnings(const config::Diagnostics& diagnostics) {
    if (diagnostics.empty()) return;
    print_notice(cat("warning: errors in ", diagnostics.file(), ", in what this command does not read:"));
    const auto text = diagnostics.text();
    std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace

std::optional<config::Settings> settings_for(Reads reads, const Common& common, int& status) {
    const config::ProcessEnvironment environment;
    config::Diagnostics diagnostics;
    auto loaded = config::load(common.config_file, environment, diagnostics);
    const auto read = options_read(reads);
    if (!in_the_way(diagnostics, read)) {
        print_warnings(diagnostics);
        return std::move(loaded.settings);
    }
    // What is wrong elsewhere, such as a bracket without its end, may make all of the file unreadable. The options that
    // are read are lines of their own then.
    if (const auto part = config::only_options(diagnostics.source(), read); part && reads != Reads::terms) {
        config::Diagnostics of_part;
        auto reduced = config::load_text(common.config_file, *part, environment, of_part);
        if (!in_the_way(of_part, read)) {
            print_warnings(diagnostics);
            return std::move(reduced.settings);
        }
    }
    status = print_diagnostics(diagnostics, common.json);
    return std::nullopt;
}

std::filesystem::path program_folder() {
    auto folder = own_folder();
    return folder ? std::move(*folder) : std::filesystem::path(".");
}

plugin::LoaderOptions loader_options(const config::Settings& settings) {
    const auto program = program_folder();
    const std::filesystem::path folder = settings.plugin_folder.empty()
                                             ? program.parent_path() / "lib" / "stipend" / "plugins"
                                             : std::filesystem::path(settings.plugin_folder);
    plugin::LoaderOptions out{.folder = folder,
                              .staging = std::filesystem::path(settings.state) / "plugins",
                              .probe = {.program = program / "stipend-probe"},
                              .process_program = program / "stipend-plugin"};
    for (const auto& text : settings.plugin_trust) {
        auto key = plugin::parse_trusted_key(text);
        STIPEND_ASSERT(key.ok());  // the schema's pattern takes no other text
        out.trust.push_back(*key);
    }
    return out;
}

Result<TrialFolder> TrialFolder::create() {
    std::error_code ec;
    std::string last = "there is no folder for temporary files";
    for (const auto& base : {std::filesystem::temp_directory_path(ec), std::filesystem::path("/var/tmp"),
                             std::filesystem::path("/dev/shm")}) {
        if (base.empty()) continue;
        if (const auto fit = plugin::check_staging(base); !fit) {
            last = fit.error().message;
            continue;
        }
        auto name = (base / "stipend-try-XXXXXX").native();
        if (::mkdtemp(name.data()) != nullptr) return TrialFolder(std::move(name));
        last = cat(base.native(), ": ", std::strerror(errno));
    }
    return fail(STIPEND_E_UNAVAILABLE, "cannot stage plugins for a trial: ", last, ": set TMPDIR to another folder");
}

TrialFolder::~TrialFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

plugin::LoaderOptions TrialFolder::loader_options(const config::Settings& settings) const {
    auto options = cli::loader_options(settings);
    options.staging = path_;
    return options;
}

int print_diagnostics(const config::Diagnostics& diagnostics, bool json) {
    if (diagnostics.empty()) return exit_good;
    const auto text = json ? diagnostics.json().dump() + "\n" : diagnostics.text();
    std::fwrite(text.data(), 1, text.size(), stderr);
    return exit_bad;
}

int print_error(const Error& error) {
    print_notice(error.message);
    return exit_bad;
}

void print_notice(const std::string& text) {
    std::fprintf(stderr, "stipend: %s\n", printable(text).c_str());
}

Result<std::unique_ptr<ledger::Ledger>> open_ledger(const config::Settings& settings, ledger::Access access) {
    if (access == ledger::Access::read_write) {
        return ledger::open_existing(ledger::database_file(settings.state),
                                     {.ns = runtime::namespace_of(settings), .notice = print_notice});
    }
    return ledger::open(ledger::database_file(settings.state),
                        {.access = access, .ns = runtime::namespace_of(settings)});
}

}  // namespace stipend::cli
