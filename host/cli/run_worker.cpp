#include "host/cli/run_worker.hpp"

#include <fmt/format.h>

#include "host/api/worker_door.hpp"
#include "host/cli/outside.hpp"
#include "host/cli/service.hpp"

namespace stipend::cli {

int run_worker(const RunOptions& options, const config::Environment& environment, std::string text,
               config::Settings settings, LineReporter& reporter) {
    if (options.once) return print_error(fail(STIPEND_E_INVALID, "--once: a worker has no cycle to run once"));
    plugin::Loader loader(loader_options(settings));
    config::Problems problems;
    problems.set_source(options.common.config_file, std::move(text));
    auto plan = worker::make_plan(loader, std::move(settings), problems);
    if (!plan) return print_problems(problems, options.common.json);
    const auto in_force = plan->settings;

    const SystemClock clock;
    const auto watchdog_ns = service_manager::watchdog_interval_ns();
    work::Metrics metrics;
    auto created = worker::Runtime::create(
        clock, {.state_folder = in_force.state,
                .listen = in_force.worker_listen,
                .on_turn = watchdog_ns == 0 ? std::function<void()>() : service_manager::watchdog,
                .turn_every_ns = watchdog_ns / 3,
                .patience_ns = watchdog_ns,
                .log = &reporter,
                .metrics = &metrics});
    if (!created) return print_error(created.error());
    auto& runtime = **created;
    api::WorkerReloader reloader(runtime, loader, environment, options.common.config_file, in_force);
    Outside outside(
        {.add_routes = [&](api::ControlServer& server,
                           api::Reload reload) { return api::add_worker_routes(server, runtime, std::move(reload)); },
         .reload = [&](const api::ReloadRequest& request) { return reloader.reload(request); },
         .uses = [&](const std::string& file) { return reloader.uses(file); },
         .post = [&](Task work) { runtime.post(std::move(work)); },
         .refresh_metrics = [&] { runtime.refresh_metrics(metrics); }},
        reporter);
    if (const auto applied = runtime.apply(std::move(*plan)); !applied) return print_error(applied.error());
    // Last, since who asks is answered by the run that begins now.
    if (const auto opened = outside.open(in_force, metrics); !opened) return print_error(opened.error());
    reporter.info(
        fmt::format("watching {} services, answering at http://{}", in_force.services.watch.size(), runtime.address()));
    if (in_force.services.watch.empty()) reporter.warn("no services are watched: list them under `services.watch:`");
    const SignalThread signals([&] { runtime.stop(); }, [&] { outside.reload({}); });
    service_manager::ready("watching services");
    runtime.run();
    service_manager::stopping();
    reporter.info("stopped");
    return exit_good;
}

}  // namespace stipend::cli
