#include "host/worker/worker.hpp"

#include <algorithm>
#include <random>

#include "host/runtime/control_server.hpp"
#include "host/runtime/maintenance.hpp"
#include "stipend/host.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::worker {
namespace {

constexpr std::int64_t look_ns = 10 * ns_per_s;  // between two looks at what alerts are about
constexpr std::int64_t farewell_ns = 5 * ns_per_s;
constexpr std::uint32_t status_window_s = 60;
constexpr const char* listener = "worker";
constexpr const char* store_owner = "services";  // of the values below, beside the plugins' own
constexpr const char* found_key = "found";
constexpr std::int64_t metrics_patience_ns = 5 * ns_per_s;
constexpr std::uint32_t metrics_window_s = s_per_day;

}  // namespace

std::unique_ptr<runtime::Plan> Worker::plan(plugin::Loader& loader, config::Settings settings,
                                            config::Diagnostics& diagnostics) {
    return make_worker_plan(loader, std::move(settings), diagnostics);
}

Result<std::string> Worker::review(const runtime::Plan&, const runtime::ReloadRequest&, std::int64_t&) {
    return std::string();
}

std::vector<runtime::Role::Listener> Worker::listeners(const config::Settings& settings) const {
    return {{listener, settings.worker_listen, settings.worker_tls}};
}

void Worker::open(ledger::State) {
    view_.set_watcher(&host_.watcher(), &host_.line());
    restore_found();
    membership_ = std::make_unique<Membership>(membership_parts());
}

MembershipParts Worker::membership_parts() {
    return {.http = &host_.http(),
            .post = [this](Task work) { host_.loop().post(std::move(work)); },
            // The ledger's thread, which waits for the disk already.
            .block =
                [this](Task work) {
                    auto shared = std::make_shared<Task>(std::move(work));
                    host_.writer().query([shared](ledger::Ledger&) { (*shared)(); });
                },
            .now = [this] { return host_.now(); },
            .random = [engine = std::make_shared<std::mt19937_64>(std::random_device()())] { return (*engine)(); },
            .log =
                [this](std::int32_t level, const std::string& text) {
                    if (host_.log().enabled(level)) host_.log().write(level, "manager", text);
                },
            .identify =
                [this](std::function<void(Result<WorkerIdentity>)> done) {
                    services_.ask([this, done = std::move(done)](std::vector<NamedReport> reports) {
                        host_.loop().post([this, done, reports = std::move(reports)] {
                            done(identity_among(reports, plan_->settings.membership.orchestrator_id,
                                                [this](const std::string& text) { host_.log().warn(text); }));
                        });
                    });
                },
            .folder = [this] { return std::filesystem::path(plan_->settings.state); }};
}

void Worker::log(std::int32_t level, const std::string& text) const {
    if (host_.log().enabled(level)) host_.log().write(level, "services", text);
}

// A service that was discovered stays watched, also while it is gone.
void Worker::restore_found() {
    const auto text = host_.writer().get(store_owner, found_key);
    if (!text) return;
    const auto json = parse_json(*text);
    if (!json) return;
    for (const auto& one : json->items()) {
        if (one.items().size() == 2) found_.emplace_back(one.items()[0].text(), one.items()[1].text());
    }
}

void Worker::on_discovery(const runtime::Discovery& discovery) {
    const auto why = reason_of(discovery.why);
    if (!view_.add_found(discovery.id, why)) return;
    const bool watched = plan_->settings.services.discover == config::Discover::watch;
    log(STIPEND_LOG_INFO,
        cat("found ", discovery.id, ": ", why,
            watched ? "; it is watched from now on" : "; to have it watched, list it under services.watch"));
    if (!watched) return;
    found_.emplace_back(discovery.monitor, discovery.id);
    Json list = Json::array();
    for (const auto& [monitor, name] : found_) list.push(Json::array().push(monitor).push(name));
    host_.writer().query([text = list.dump()](ledger::Ledger& ledger) {
        // If this fails, the service is discovered again after a restart, where it still runs.
        static_cast<void>(ledger.kv_put(store_owner, found_key, text, {}));
    });
    watch(host_.instances().in_use());
}

void Worker::on_change(const runtime::TargetHistory& one, std::int32_t before) {
    const auto verdict = one.series.verdict(host_.now());
    const bool up = verdict == STIPEND_UP;
    if (before == STIPEND_UP && !up && verdict != STIPEND_UNKNOWN) ++outages_[one.id];
    next_look_ = 0;
    log(up ? STIPEND_LOG_INFO : STIPEND_LOG_WARN, cat(one.id,
                                                      up                           ? " is up: "
                                                      : verdict == STIPEND_UNKNOWN ? " cannot be observed: "
                                                                                   : " is down: ",
                                                      one.series.why()));
}

runtime::Watcher::Hooks Worker::watcher_hooks() {
    return {.found = [this](const runtime::Discovery& discovery) { on_discovery(discovery); },
            .saved =
                [this](const Result<void>& saved) {
                    if (!saved) log(STIPEND_LOG_ERROR, "observations are not stored: " + saved.error().message);
                },
            .changed = [this](const runtime::TargetHistory& one, std::int32_t before) { on_change(one, before); },
            .refused =
                [this](const std::string& monitor, const std::string& what) {
                    if (!what.empty()) log(STIPEND_LOG_ERROR, cat(monitor, " returned an invalid observation: ", what));
                },
            .believes_past = true};
}

void Worker::watch(const runtime::InstanceSet& instances) {
    const auto& services = plan_->settings.services;
    const bool all = services.discover == config::Discover::watch;
    host_.watcher().watch(targets_of(services, all ? found_ : decltype(found_)()), runtime::monitors_of(instances),
                          {services.ignore.begin(), services.ignore.end()});
}

Result<runtime::Applied> Worker::apply(std::unique_ptr<runtime::Plan> given, const runtime::InstanceSet& fresh) {
    std::unique_ptr<WorkerPlan> plan(static_cast<WorkerPlan*>(given.release()));
    plan_.swap(plan);
    watch(fresh);
    resolve_of_ended(fresh);
    membership_->set(plan_->settings.membership);
    const auto& workers = plan_->settings.workers;
    auto summary = cat("watching ", plan_->settings.services.watch.size(), " services",
                       workers.empty() ? std::string() : cat(", answering jobs by ", workers.size() + 1, " plugins"));
    return runtime::Applied{.generation = 0, .text = summary, .summary = summary, .replaced = std::move(plan)};
}

void Worker::resolve_of_ended(const runtime::InstanceSet& fresh) {
    for (const auto& [key, one] : host_.instances().in_use()) {
        if (is_service_key(key) && !fresh.contains(key)) alerts_.resolve_of(service_name_of_key(key), host_.now());
    }
}

runtime::Role::Turn Worker::tick(stipend_unix_ns now) {
    if (stop_by_ == 0) {
        const auto due = membership_->tick(now);
        if (now >= next_look_) look_for_trouble(now);
        return {.over = false, .next = std::min(due.value_or(next_look_), next_look_)};
    }
    return {.over = service_over_ || now >= stop_by_, .next = stop_by_};
}

void Worker::look_for_trouble(stipend_unix_ns now) {
    next_look_ = now + look_ns;
    WorkerAlerts::Seen seen;
    host_.watcher().visit(0, [&](const runtime::TargetHistory& one) {
        const auto verdict = one.series.verdict(now);
        if (verdict == STIPEND_UP) return;
        (verdict == STIPEND_UNKNOWN ? seen.unseen : seen.down).emplace(one.id, one.series.why());
    });
    alerts_.services(seen, now);
    alerts_.manager(membership_->state(), membership_->problem(), membership_->since(), now);
    alerts_.clock(host_.line().skew_ns(), now);
}

void Worker::deliver(alert::Notice notice) {
    if (auto* delivery = host_.alerts()) delivery->take(std::move(notice));
}

void Worker::raise_for(std::string_view instance, std::string_view id, std::int32_t severity, std::string_view text) {
    host_.loop().post([this, id = cat(instance, ":", id), severity, text = std::string(text)] {
        alerts_.raise(id, severity, text, host_.now());
    });
}

void Worker::resolve_for(std::string_view instance, std::string_view id) {
    host_.loop().post([this, id = cat(instance, ":", id)] { alerts_.resolve(id, host_.now()); });
}

void Worker::begin_stop() {
    membership_->stop();
    stop_by_ = host_.now() + farewell_ns;
    services_.retire([this] { service_over_ = true; });
}

bool Worker::alive(stipend_unix_ns now) {
    std::vector<std::shared_ptr<plugin::Instance>> instances;
    for (const auto& [key, one] : host_.instances().in_use()) instances.push_back(one.instance);
    host_.liveness().ping(instances, now);
    return !host_.liveness().stuck(now, host_.watchdog_ns());
}

void Worker::refresh_metrics(runtime::Metrics& metrics) {
    const auto now = host_.now();
    std::size_t up = 0, all = 0;
    host_.watcher().visit(0, [&](const runtime::TargetHistory& one) {
        ++all;
        if (one.series.verdict(now) == STIPEND_UP) ++up;
    });
    metrics.set_gauge("services", "Services that are watched.", static_cast<double>(all));
    metrics.set_gauge("services_up", "Services that are up at present.", static_cast<double>(up));
}

Result<void> Worker::add_metrics(runtime::MetricPage& page) {
    STIPEND_LET(outages, host_.loop().ask_within(metrics_patience_ns, [this] { return outages_; }));
    auto report = view_.report(metrics_window_s);
    if (!report) return {};  // the host is stopping
    auto& services = report->services;
    if (services.size() > runtime::MetricPage::max_listed) services.resize(runtime::MetricPage::max_listed);
    const auto each = [&](const char* name, const char* help, auto&& value) {
        page.gauges(name, help);
        for (const auto& one : services) page.add({{"service", one.name}}, static_cast<double>(value(one)));
    };
    each("service_up", "1 while the service is up; 0 while it is down, or is not observed.",
         [](const ServiceRecord& one) { return one.up() ? 1 : 0; });
    each("service_uptime_ratio", "The share of the last 24 hours in which the service was up.",
         [](const ServiceRecord& one) { return one.up_ppm / 1e6; });
    each("service_coverage_ratio", "The share of the last 24 hours in which the service was observed.",
         [](const ServiceRecord& one) { return one.seen_ppm / 1e6; });
    page.counters("service_outages_total", "Times that the service went from up to down since the host was started.");
    for (const auto& one : services) {
        const auto found = outages.find(one.name);
        page.add({{"service", one.name}}, found == outages.end() ? 0 : static_cast<double>(found->second));
    }
    page.counters("service_restarts_total", "Restarts of the service, as its monitor reports them.");
    for (const auto& one : services) {
        if (const auto restarts = restarts_of(one.why)) page.add({{"service", one.name}}, *restarts);
    }
    return add_membership_metrics(page);
}

Result<void> Worker::add_membership_metrics(runtime::MetricPage& page) {
    struct Seen {
        bool has_manager = false;
        MembershipState state = MembershipState::off;
        stipend_unix_ns last_proof = 0;
    };
    STIPEND_LET(seen, host_.loop().ask_within(metrics_patience_ns, [this] {
        return Seen{membership_->has_manager(), membership_->state(), membership_->last_proof()};
    }));
    if (!seen.has_manager) return {};
    page.gauges("manager_state", "1 for the state of the registration with the manager, 0 for the others.");
    for (std::size_t at = 1; at < membership_states; ++at) {
        const auto state = static_cast<MembershipState>(at);
        page.add({{"state", name_of(state)}}, state == seen.state ? 1 : 0);
    }
    page.gauges("manager_last_proof_timestamp_seconds", "When the manager accepted the last proof; 0: none yet.");
    page.add({}, static_cast<double>(seen.last_proof) / 1e9);
    return {};
}

Result<void> Worker::add_routes(runtime::ControlServer&) {
    return {};
}

void Worker::announce() const {
    const auto& services = plan_->settings.services.watch;
    host_.log().info(
        cat("watching ", services.size(), " services, answering at http://", host_.routes().address_of(listener)));
    if (services.empty()) host_.log().warn("no services are watched: list them under `services.watch:`");
}

Result<Json> Worker::status() {
    STIPEND_LET(services, view_.report(status_window_s));
    auto out = services_json(services);
    STIPEND_LET(reports, services_.reports());
    Json others = Json::array();
    for (auto& one : reports) {
        // A plugin that does not answer leaves the rest to be shown.
        auto json = one.text ? parse_json(*one.text) : Result<Json>(one.text.error());
        auto shown = json ? std::move(json).value() : Json(json.error().message);
        if (one.name == service_key) {
            out.set("worker", std::move(shown));
        } else {
            others.push(Json::object().append("name", one.name).append("report", std::move(shown)));
        }
    }
    if (!others.items().empty()) out.set("workers", std::move(others));
    STIPEND_LET(manager, host_.loop().ask([&] { return membership_->status(); }));
    out.set("manager", std::move(manager));
    STIPEND_LET(windows, host_.loop().ask(
                             [&] { return runtime::Maintenance(plan_->settings.maintenance).status(host_.now()); }));
    if (!windows.items().empty()) out.set("maintenance", std::move(windows));
    out.set("listens", host_.routes().address_of(listener));
    return out;
}

}  // namespace stipend::worker
