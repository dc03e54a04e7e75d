#include <fmt/format.h>

#include "host/cli/commands.hpp"
#include "host/cli/reporter.hpp"
#include "host/cli/service.hpp"
#include "host/config/environment.hpp"
#include "host/engine/runtime.hpp"

namespace stipend::cli {
namespace {

void greet(LineReporter& reporter, const engine::Plan& plan) {
    const auto& settings = plan.settings;
    if (settings.settlement == config::Settlement::dry_run) {
        reporter.warn("settlement is dry-run: nothing here will ever be paid");
    } else {
        reporter.info(
            fmt::format("settlement is accrue: debts on chain {} are real, and paid once settlement is switched on",
                        settings.chain_id));
    }
    reporter.info(fmt::format("{} orchestrators, every {}, base {} USD", plan.spend.orchestrators,
                              duration_text(settings.payment.interval_ns),
                              scaled_text(settings.payment.base_usd_e8, 8)));
    reporter.info("largest possible spend: " + engine::spend_text(plan.spend));
    if (plan.spend.orchestrators == 0) {
        reporter.warn(
            "no orchestrators are configured: list them under `orchestrators:`, or in ORCHESTRATOR_ADDRESSES");
    }
}

}  // namespace

int run(const RunOptions& options) {
    SignalThread::block();
    const config::ProcessEnvironment environment;
    config::Problems problems;
    auto loaded = config::load(options.common.config_file, environment, problems);
    if (!problems.empty()) return print_problems(problems, options.common.json);
    LineReporter reporter(loaded.settings.log_level);
    for (const auto& name : config::ignored_environment(loaded.names_read, environment)) {
        reporter.warn(name + " is set in the environment, but has no effect here");
    }
    plugin::Loader loader(loader_options(loaded.settings));
    auto plan = engine::make_plan(loader, std::move(loaded.settings), problems);
    if (!plan) return print_problems(problems, options.common.json);

    const SystemClock clock;
    const auto watchdog_ns = service_manager::watchdog_interval_ns();
    engine::RuntimeOptions runtime_options{
        .ns = namespace_of(plan->settings),
        .state_folder = plan->settings.state,
        .once = options.once,
        .on_turn = watchdog_ns == 0 ? std::function<void()>() : service_manager::watchdog,
        .turn_every_ns = watchdog_ns / 3,
        .log = &reporter};
    auto runtime = engine::Runtime::create(clock, reporter, std::move(runtime_options));
    if (!runtime) return print_error(runtime.error());
    greet(reporter, *plan);
    if (const auto applied = (*runtime)->apply(std::move(*plan)); !applied) return print_error(applied.error());
    const SignalThread signals([&] { (*runtime)->stop(); }, [] {});
    service_manager::ready("paying by uptime");
    const auto ended = (*runtime)->run();
    service_manager::stopping();
    if (!ended) return print_error(ended.error());
    reporter.info("stopped");
    return exit_good;
}

}  // namespace stipend::cli
