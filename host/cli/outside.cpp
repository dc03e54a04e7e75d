#include "host/cli/outside.hpp"

#include <fmt/format.h>

#include "host/api/metrics_route.hpp"
#include "host/cli/context.hpp"
#include "host/cli/service.hpp"

namespace stipend::cli {

Result<void> Outside::open(const config::Settings& settings, work::Metrics& metrics) {
    STIPEND_LET(server, api::ControlServer::create(settings.state));
    server_ = std::move(server);
    STIPEND_TRY(inside_.add_routes(*server_, [this](const api::ReloadRequest& request) { return reload(request); }));
    // Who pays must not fail for want of somebody who counts.
    if (auto served = api::serve_metrics(settings.metrics_listen, metrics, inside_.post, inside_.refresh_metrics)) {
        metrics_ = std::move(served).value();
        reporter_.info("metrics at http://" + metrics_->address() + "/metrics");
        inside_.post(inside_.refresh_metrics);  // so that the first look sees what takes a while to find out
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

api::ReloadReport Outside::reload(const api::ReloadRequest& request) {
    if (request.check) return inside_.reload(request);
    service_manager::reloading();
    auto report = inside_.reload(request);
    tell(report);
    service_manager::ready(report.taken ? report.summary : std::string());
    return report;
}

void Outside::tell(const api::ReloadReport& report) {
    if (!report.taken) return reporter_.error("reload: nothing was taken over: " + report.text);
    reporter_.info("reload: " + report.text);
    for (const auto& warning : report.warnings) reporter_.warn(warning);
    if (report.pause_ns != 0)
        reporter_.info(fmt::format("the reload kept the control thread for {} us", report.pause_ns / 1000));
}

// Only a file that is in use is a wish to have it; others are listed, and run once the configuration names them.
void Outside::plugin_written(const std::string& file) {
    if (!inside_.uses(file)) return;
    reporter_.info("the plugin " + file + " was written anew");
    reload({});
}

}  // namespace stipend::cli
