#include "host/api/worker_door.hpp"

#include <future>

#include "host/config/load.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::api {
namespace {

constexpr std::int64_t window_s = 60;

Result<Json> status(worker::Runtime& runtime) {
    STIPEND_LET(services, runtime.services(window_s));
    STIPEND_LET(out, parse_json(services));
    // A plugin that does not answer leaves the rest to be seen.
    auto report = runtime.report();
    auto json = report ? parse_json(*report) : Result<Json>(report.error());
    out.set("worker", json ? std::move(json).value() : Json::of_string(json.error().message));
    out.set("listens", Json::of_string(runtime.address()));
    return std::move(out);
}

std::string needs_restart(const config::Settings& now, const config::Settings& next) {
    const char* what = next.role != now.role                       ? "role"
                       : next.state != now.state                   ? "state"
                       : next.worker_listen != now.worker_listen   ? "listen.worker"
                       : next.metrics_listen != now.metrics_listen ? "listen.metrics"
                       : next.plugin_folder != now.plugin_folder   ? "plugins.folder"
                                                                   : nullptr;
    return what == nullptr ? std::string() : cat(what, " cannot change while the host runs: restart it");
}

}  // namespace

Result<void> add_worker_routes(ControlServer& server, worker::Runtime& runtime, Reload reload) {
    STIPEND_TRY(server.route("GET", "/status", [&runtime](const Json&) { return status(runtime); }));
    return server.route("POST", "/reload", [reload = std::move(reload)](const Json& body) -> Result<Json> {
        return report_json(reload(reload_request(body)));
    });
}

bool WorkerReloader::uses(const std::string& file) {
    const std::lock_guard lock(mutex_);
    std::vector<const config::PluginRef*> active{&settings_.worker};
    for (const auto& monitor : settings_.monitors) active.push_back(&monitor);
    for (const auto* reference : active) {
        if (loader_.file_of(reference->plugin).filename() == file) return true;
    }
    return false;
}

ReloadReport WorkerReloader::reload(const ReloadRequest& request) {
    const std::lock_guard lock(mutex_);
    ReloadReport report;
    config::Problems problems;
    auto loaded = config::load(file_, environment_, problems);
    const auto refuse = [&](std::string why) {
        report.text = std::move(why);
        if (!problems.empty()) report.problems = problems.json();
        return report;
    };
    if (request.undo) return refuse("a worker has nothing to undo: change the file and reload it");
    if (!problems.empty()) return refuse(problems.text());
    if (auto why = needs_restart(settings_, loaded.settings); !why.empty()) return refuse(std::move(why));
    auto plan = worker::make_plan(loader_, std::move(loaded.settings), problems);
    if (!plan) return refuse(problems.text());
    report.valid = true;
    report.warnings = std::move(loaded.warnings);
    if (request.check) {
        report.text = "the host would take it";
        return report;
    }
    auto settings = plan->settings;
    const auto applied = std::make_shared<std::promise<Result<void>>>();
    auto answer = applied->get_future();
    runtime_.post([this, applied, next = std::make_shared<worker::Plan>(std::move(*plan))] {
        applied->set_value(runtime_.apply(std::move(*next)));
    });
    Result<void> taken = fail(STIPEND_E_STATE, "the host is stopping");
    try {
        taken = answer.get();
    } catch (const std::future_error&) {
    }
    report.valid = taken.ok();
    if (!taken) return refuse(taken.error().message);
    report.taken = true;
    report.summary = cat("watching ", settings.services.watch.size(), " services");
    report.text = report.summary;
    settings_ = std::move(settings);
    return report;
}

}  // namespace stipend::api
