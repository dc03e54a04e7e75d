#include <cstdio>
#include <cstdlib>

#include "host/base/file.hpp"
#include "host/base/thread_signals.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/reporter.hpp"
#include "host/config/environment.hpp"
#include "host/config/load.hpp"
#include "host/engine/manager.hpp"
#include "host/plugin/last_words.hpp"
#include "host/worker/worker.hpp"

namespace stipend::cli {
namespace {

constexpr std::int64_t settle_ns = 1'000'000'000;

std::unique_ptr<runtime::Role> make_role(config::Role role, runtime::Host& host, LineReporter& reporter, bool once) {
    if (role == config::Role::worker) return std::make_unique<worker::Worker>(host);
    return std::make_unique<engine::Manager>(host, reporter, once);
}

int run_host(const RunOptions& options) {
    // Signals that come before the host handles them wait.
    std::optional<SignalsBlocked> blocked(std::in_place);
    const config::ProcessEnvironment environment;
    config::Diagnostics diagnostics;
    const auto& file = options.common.config_file;
    auto read = read_file(file, runtime::max_config_bytes);
    if (!read) return print_error(read.error());
    const auto text = std::make_shared<const std::string>(std::move(*read));
    auto loaded = config::load_text(file, text, environment, diagnostics);
    if (!diagnostics.empty()) return print_diagnostics(diagnostics, options.common.json);
    auto& settings = loaded.settings;
    if (options.once && settings.role == config::Role::worker)
        return print_error(fail(STIPEND_E_INVALID, "--once: a worker has no cycle to run once"));
    LineReporter reporter(settings.log_level);
    for (const auto& warning : loaded.warnings) reporter.warn(warning);
    for (const auto& name : config::ignored_environment(loaded.names_read, environment)) {
        reporter.warn(name + " is set in the environment, but has no effect here");
    }
    const SystemClock clock;
    auto loader = loader_options(settings);
    loader.settle_ns = settle_ns;
    runtime::Host host(clock, environment, reporter,
                       {.config_file = file,
                        .loader = std::move(loader),
                        .listens = !options.once,
                        .new_ledger = options.new_ledger,
                        .program = (program_folder() / "stipend").native()});
    blocked.reset();
    auto role = make_role(settings.role, host, reporter, options.once);
    const auto started =
        host.start(std::move(role), {text, std::move(loaded.tables)}, std::move(settings), diagnostics);
    if (!diagnostics.empty()) return print_diagnostics(diagnostics, options.common.json);
    if (!started) return print_error(started.error());
    if (const auto ended = host.run(); !ended) return print_error(ended.error());
    reporter.info("stopped");
    return exit_good;
}

}  // namespace

int run(const RunOptions& options) {
    const int status = run_host(options);
    plugin::end_is_wanted();
    // The thread of a plugin's call that does not return may use whatever a destructor would take away.
    if (runtime::Host::left_a_call()) {
        std::fflush(nullptr);
        std::_Exit(status);
    }
    return status;
}

}  // namespace stipend::cli
