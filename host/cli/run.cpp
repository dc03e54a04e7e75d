#include <fmt/format.h>

#include "host/api/control.hpp"
#include "host/api/metrics_route.hpp"
#include "host/api/plugin_watch.hpp"
#include "host/base/file.hpp"
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

namespace {

constexpr std::size_t max_file_bytes = 64u << 20;

// The outside of a running host: its socket, its signals, its watch of the plugin folder.
class Outside {
  public:
    Outside(engine::Runtime& runtime, api::Reloader& reloader, LineReporter& reporter)
        : runtime_(runtime), reloader_(reloader), reporter_(reporter) {}

    Result<void> open(const config::Settings& settings, work::Metrics& metrics) {
        STIPEND_LET(server,
                    api::ControlServer::create(runtime_, settings.state,
                                               [this](const api::ReloadRequest& request) { return reload(request); }));
        server_ = std::move(server);
        // Who pays must not fail for want of somebody who counts.
        if (auto served = api::serve_metrics(settings.metrics_listen, runtime_, metrics)) {
            metrics_ = std::move(served).value();
            reporter_.info("metrics at http://" + metrics_->address() + "/metrics");
        } else {
            reporter_.error("metrics are not served: " + served.error().message);
        }
        auto watch = api::PluginWatch::create(loader_options(settings).folder,
                                              [this](const std::string& file) { plugin_written(file); });
        if (!watch) {
            reporter_.warn(watch.error().message);  // the host runs without it: `stipend reload` does the same
            return {};
        }
        watch_ = std::move(watch).value();
        return {};
    }
    // Whoever asks, the service manager and the log hear of it.
    api::ReloadReport reload(const api::ReloadRequest& request) {
        if (request.check) return reloader_.reload(request);
        service_manager::reloading();
        auto report = reloader_.reload(request);
        tell(report);
        service_manager::ready(report.taken ? report.summary : std::string());
        return report;
    }

  private:
    void tell(const api::ReloadReport& report) {
        if (report.taken) {
            reporter_.info("reload: " + report.text);
            reporter_.info(fmt::format("the reload kept the control thread for {} us", report.pause_ns / 1000));
        } else {
            reporter_.error("reload: nothing was taken over: " + report.text);
        }
    }
    // Only a file that is in use is a wish to have it; others are listed, and run once the configuration names them.
    void plugin_written(const std::string& file) {
        if (!reloader_.uses(file)) return;
        reporter_.info("the plugin " + file + " was written anew");
        reload({});
    }

    engine::Runtime& runtime_;
    api::Reloader& reloader_;
    LineReporter& reporter_;
    std::unique_ptr<api::ControlServer> server_;
    std::unique_ptr<http::Server> metrics_;
    std::unique_ptr<api::PluginWatch> watch_;
};

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
    for (const auto& name : config::ignored_environment(loaded.names_read, environment)) {
        reporter.warn(name + " is set in the environment, but has no effect here");
    }
    plugin::Loader loader(loader_options(loaded.settings));
    auto plan = engine::make_plan(loader, std::move(loaded.settings), problems);
    if (!plan) return print_problems(problems, options.common.json);

    const SystemClock clock;
    const auto watchdog_ns = service_manager::watchdog_interval_ns();
    work::Metrics metrics;
    engine::RuntimeOptions runtime_options{
        .workshop = {.ns = namespace_of(plan->settings),
                     .state_folder = plan->settings.state,
                     .log = &reporter,
                     .metrics = &metrics},
        .once = options.once,
        .on_turn = watchdog_ns == 0 ? std::function<void()>() : service_manager::watchdog,
        .turn_every_ns = watchdog_ns / 3};
    auto runtime = engine::Runtime::create(clock, reporter, std::move(runtime_options));
    if (!runtime) return print_error(runtime.error());
    greet(reporter, *plan);
    api::Reloader reloader(**runtime, loader, environment, options.common.config_file, *text, plan->settings,
                           plan->spend);
    Outside outside(**runtime, reloader, reporter);
    if (!options.once) {
        const auto opened = outside.open(plan->settings, metrics);
        if (!opened) return print_error(opened.error());
    }
    const auto orchestrators = plan->spend.orchestrators;
    const auto applied = (*runtime)->apply(std::move(*plan));
    if (!applied) return print_error(applied.error());
    const SignalThread signals([&] { (*runtime)->stop(); }, [&] { outside.reload({}); });
    service_manager::ready(api::in_force(*applied, orchestrators));
    const auto ended = (*runtime)->run();
    service_manager::stopping();
    if (!ended) return print_error(ended.error());
    reporter.info("stopped");
    return exit_good;
}

}  // namespace stipend::cli
