#include <fmt/format.h>

#include "host/api/manager_door.hpp"
#include "host/api/metrics_route.hpp"
#include "host/api/reloader.hpp"
#include "host/base/file.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/outside.hpp"
#include "host/cli/run_worker.hpp"
#include "host/cli/service.hpp"
#include "host/config/environment.hpp"
#include "host/config/load.hpp"

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

constexpr std::size_t max_file_bytes = 64u << 20;

int run_manager(const RunOptions& options, const config::Environment& environment, std::string text,
                config::Settings settings, LineReporter& reporter) {
    plugin::Loader loader(loader_options(settings));
    config::Problems problems;
    problems.set_source(options.common.config_file, text);
    auto plan = engine::make_plan(loader, std::move(settings), problems);
    if (!plan) return print_problems(problems, options.common.json);

    const SystemClock clock;
    const auto watchdog_ns = service_manager::watchdog_interval_ns();
    work::Metrics metrics;
    auto created =
        engine::Runtime::create(clock, reporter,
                                {.workshop = {.ns = namespace_of(plan->settings),
                                              .state_folder = plan->settings.state,
                                              .log = &reporter,
                                              .metrics = &metrics},
                                 .once = options.once,
                                 .on_turn = watchdog_ns == 0 ? std::function<void()>() : service_manager::watchdog,
                                 .turn_every_ns = watchdog_ns / 3});
    if (!created) return print_error(created.error());
    auto& runtime = **created;
    greet(reporter, *plan);
    api::Reloader reloader(runtime, loader, environment, options.common.config_file, std::move(text), plan->settings,
                           plan->spend);
    Outside outside(
        {.add_routes = [&](api::ControlServer& server,
                           api::Reload reload) { return api::add_manager_routes(server, runtime, std::move(reload)); },
         .reload = [&](const api::ReloadRequest& request) { return reloader.reload(request); },
         .uses = [&](const std::string& file) { return reloader.uses(file); },
         .post = [&](Task work) { runtime.post(std::move(work)); },
         .refresh_metrics = [&] { api::refresh_metrics(runtime, metrics); }},
        reporter);
    const auto orchestrators = plan->spend.orchestrators;
    const auto in_force = plan->settings;
    const auto applied = runtime.apply(std::move(*plan));
    if (!applied) return print_error(applied.error());
    // Last, since who asks is answered by the run that begins now.
    if (!options.once) {
        if (const auto opened = outside.open(in_force, metrics); !opened) return print_error(opened.error());
    }
    const SignalThread signals([&] { runtime.stop(); }, [&] { outside.reload({}); });
    service_manager::ready(api::in_force(*applied, orchestrators));
    const auto ended = runtime.run();
    service_manager::stopping();
    if (!ended) return print_error(ended.error());
    reporter.info("stopped");
    return exit_good;
}

}  // namespace

int run(const RunOptions& options) {
    SignalThread::block();
    const config::ProcessEnvironment environment;
    config::Problems problems;
    auto text = read_file(options.common.config_file, max_file_bytes);
    if (!text) return print_error(text.error());
    auto loaded = config::load_text(options.common.config_file, *text, environment, problems);
    if (!problems.empty()) return print_problems(problems, options.common.json);
    LineReporter reporter(loaded.settings.log_level);
    for (const auto& warning : loaded.warnings) reporter.warn(warning);
    for (const auto& name : config::ignored_environment(loaded.names_read, environment)) {
        reporter.warn(name + " is set in the environment, but has no effect here");
    }
    if (loaded.settings.role == config::Role::worker) {
        return run_worker(options, environment, std::move(*text), std::move(loaded.settings), reporter);
    }
    return run_manager(options, environment, std::move(*text), std::move(loaded.settings), reporter);
}

}  // namespace stipend::cli
