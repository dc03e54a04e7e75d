#include "host/runtime/host.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "host/base/file.hpp"
#include "host/base/time.hpp"
#include "host/config/load.hpp"
#include "host/config/url.hpp"
#include "host/http/ssrf_guard.hpp"
#include "host/ledger/backup.hpp"
#include "host/plugin/call_runner.hpp"
#include "host/plugin/last_words.hpp"
#include "host/runtime/service_manager.hpp"

namespace stipend::runtime {
namespace {

constexpr unsigned plugin_threads = 2;  // beside one for each instance
constexpr unsigned most_plugin_threads = 64;
constexpr std::int64_t stop_patience_ns = 2 * ns_per_s;
constexpr std::string_view dispatch_prefix = "dispatch";  // of the keys of instances
constexpr std::chrono::seconds end_patience(1);

std::atomic<bool> thread_left = false;

// Requests to registered endpoints lead to public addresses and the networks that the configuration allows.
Result<std::unique_ptr<http::CurlClient>> make_client(const config::Settings& settings) {
    std::vector<IpRange> allowed;
    for (const auto& text : settings.registration.allowed_networks) {
        STIPEND_LET(range, IpRange::parse(text));  // `check` has read it before
        allowed.push_back(range);
    }
    http::ClientOptions options;
    options.public_guard = [allowed = std::move(allowed)](const char* address) {
        return http::public_refusal(address, allowed);
    };
    return http::CurlClient::create(std::move(options));
}

// Exchanges of dispatchers are cancelled while the client still runs: what began something at another party can end it
// there.
void end_exchanges(const Instances& instances) {
    const plugin::ControlScope control;
    std::vector<std::shared_ptr<plugin::Instance>> dispatchers;
    for (const auto& [key, one] : instances.in_use()) {
        if (key.starts_with(dispatch_prefix)) dispatchers.push_back(one.instance);
    }
    for (const auto& one : dispatchers) one->cancel_all();
    const auto until = std::chrono::steady_clock::now() + end_patience;
    for (const auto& one : dispatchers) {
        while (one->under_way() != 0 && std::chrono::steady_clock::now() < until)
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

}  // namespace

Host::Host(const Clock& clock, const config::Environment& environment, Log& log, HostOptions options)
    : clock_(clock),
      environment_(environment),
      log_(log),
      options_(std::move(options)),
      line_(clock),
      watchdog_ns_(service_manager::watchdog_interval_ns()),
      loader_(options_.loader) {
    signals_.emplace(
        loop_, [this] { begin_stop(); },
        [this] {
            if (serial_) serial_->post([this] { reload({}); });
        });
    process_watch_.emplace();
}

Host::~Host() {
    call_watch_.reset();
    if (control_) control_->stop();
    if (alert_delivery_ && !alert_delivery_->stop()) thread_left = true;
    metrics_server_.reset();
    if (file_watch_ && !file_watch_->stop_within(stop_patience_ns)) {
        thread_left = true;
        static_cast<void>(file_watch_.release());  // its file system may answer yet
    }
    file_watch_.reset();
    signals_.reset();
    loop_.close();
    end_lanes();
    control_.reset();
    routes_.close();
    if (role_) role_->close();
    watcher_.reset();
    if (instances_) end_exchanges(*instances_);
    if (client_) client_->stop();
    instances_.reset();
    end_pool(plugin_pool_);
    end_pool(work_pool_);
}

void Host::end_lanes() {
    for (const auto& lane : {serial_, control_lanes_.quick, control_lanes_.slow, blocking_}) {
        if (!lane || lane->end_within(stop_patience_ns)) continue;
        thread_left = true;
        report_calls_left();
    }
}

// A plugin's call that does not return must not keep the host from its end.
void Host::end_pool(std::unique_ptr<ThreadPool>& pool) {
    if (pool && !pool->stop_within(stop_patience_ns)) {
        thread_left = true;
        report_calls_left();
    }
    pool.reset();
}

void Host::report_calls_left() {
    for (const auto& call : plugin::running_calls()) {
        log_.error(cat(call.call, " of ", call.owner->plugin, " (", call.owner->file,
                       ") does not return: the host ends without it"));
    }
}

bool Host::left_a_call() {
    return thread_left || plugin::given_up() != 0;
}

// A host that began anew beside the remains of a ledger would decide, and pay, what was decided before.
Result<void> Host::check_lost_ledger(const std::filesystem::path& file) {
    const auto traces = ledger::traces_of_lost_ledger(file);
    if (traces.empty()) return {};
    std::string listed;
    for (const auto& trace : traces) listed += "\n  " + trace;
    if (!options_.new_ledger) {
        return fail(
            STIPEND_E_CONFIG, "ledger: ", file.native(),
            ": is missing or empty, but there was a ledger in this state folder:", listed,
            "\nrestore a backup with `stipend ledger restore FILE`, or begin anew with `stipend run --new-ledger`");
    }
    STIPEND_LET(aside, ledger::set_aside(file, "lost"));
    log_.warn(cat("a new ledger begins beside traces of an earlier one:", listed,
                  aside ? "\n  moved aside: " + aside->native() : std::string()));
    return {};
}

Result<void> Host::open_state(const config::Settings& settings) {
    std::error_code failed;
    const std::filesystem::path folder = settings.state;
    std::filesystem::create_directories(folder, failed);
    if (failed) return fail(STIPEND_E_CONFIG, "cannot use the state folder: ", folder.native(), ": ", failed.message());
    const auto file = ledger::database_file(folder);
    STIPEND_TRY(check_lost_ledger(file));
    STIPEND_LET(ledger, ledger::open(file, {.ns = namespace_of(settings),
                                            .notice = [this](const std::string& text) { log_.warn(text); }}));
    STIPEND_LET(state, ledger->load_state());
    if (state.restored) log_.warn("this ledger was restored from a backup at " + utc_text(state.restored->at));
    STIPEND_SET(plugin_pool_, ThreadPool::create(plugin_threads, "stipend-pool"));
    STIPEND_SET(work_pool_, ThreadPool::create(1, "stipend-work"));
    STIPEND_SET(writer_, LedgerWriter::create(std::move(ledger)));
    STIPEND_SET(client_, make_client(settings));
    serial_ = make_lane();
    blocking_ = make_lane();
    control_lanes_ = {.serial = serial_, .quick = make_lane(), .slow = make_lane()};
    instances_.emplace(loop_);
    liveness_.emplace(loop_, *writer_, watchdog_ns_ / 3);
    watcher_.emplace(loop_, *writer_, line_, role_->watcher_hooks());
    call_watch_.emplace(
        CallWatch::Sinks{.log = &log_, .metrics = &metrics_, .alerts = role_->alerts(), .process = &*process_watch_},
        make_lane());
    if (options_.listens && role_->alerts() != nullptr) {
        alert_delivery_ = AlertDelivery::create({.state_folder = folder,
                                                 .line = &line_,
                                                 .log = &log_,
                                                 .metrics = &metrics_,
                                                 .alerts = role_->alerts(),
                                                 .role = settings.role == config::Role::manager ? "manager" : "worker"},
                                                make_lane(), !settings.alerts.receivers.empty());
    }
    role_->open(std::move(state));
    return {};
}

Result<void> Host::start(std::unique_ptr<Role> role, ConfigSource source, config::Settings settings,
                         config::Diagnostics& diagnostics) {
    const ProcessWatch::Loading loading(*process_watch_);
    role_ = std::move(role);
    if (options_.listens) STIPEND_TRY(read_plugin_ends(settings));
    // A plugin file that went bad while the host was down must not keep it from its start.
    loader_.set_fall_back(options_.listens);
    auto plan = role_->plan(loader_, std::move(settings), diagnostics);
    loader_.set_fall_back(false);
    if (!plan) return fail(STIPEND_E_CONFIG, diagnostics.text());
    for (const auto& warning : loader_.take_warnings()) log_.warn(warning);
    settings_ = plan->settings;
    plugins_ = plan->plugins;
    const auto chosen = plan->chosen;
    source_ = std::move(source);
    STIPEND_SET(server_thread_, http::ServerThread::create());
    for (const auto& [name, address, tls] : role_->listeners(settings_)) {
        STIPEND_LET(proof, load_tls(name, tls, tls_log()));
        STIPEND_TRY(routes_.listen(name, address, server_thread_.get(), std::move(proof)));
    }
    if (auto* pages = role_->pages(settings_)) routes_.attach("api", *pages);
    STIPEND_TRY(open_state(settings_));
    STIPEND_LET(applied, apply(std::move(plan)));
    note_applied(chosen, applied.generation);
    // The listeners open last: requests are served by the loop that `run` starts.
    started_at_ = now();
    if (options_.listens) STIPEND_TRY(listen(settings_));
    role_->announce();
    service_manager::ready(applied.summary);
    return {};
}

std::function<void(const std::string&)> Host::tls_log() {
    return [this](const std::string& line) { log_.warn(line); };
}

Result<void> Host::listen_metrics(const config::Settings& settings) {
    STIPEND_LET(tls, load_tls("metrics", settings.metrics_tls, tls_log()));
    const auto* scheme = tls ? "https://" : "http://";
    STIPEND_SET(metrics_server_, MetricsServer::create(
                                     settings.metrics_listen, *server_thread_, [this] { return metrics_text(); },
                                     std::move(tls), make_lane()));
    log_.info(cat("metrics at ", scheme, metrics_server_->address(), "/metrics"));
    return {};
}

Result<void> Host::listen(const config::Settings& settings) {
    STIPEND_SET(control_, ControlServer::create(settings.state, *server_thread_, control_lanes_));
    STIPEND_TRY(control_->quick_route("GET", "/status", [this](const Json&) { return role_->status(); }));
    STIPEND_TRY(control_->route("POST", "/reload", [this](const Json& body) -> Result<Json> {
        return report_json(reload(reload_request(body)));
    }));
    STIPEND_TRY(control_->quick_route("GET", "/plugins",
                                      [this](const Json&) { return loop_.ask([this] { return plugins_json(); }); }));
    STIPEND_TRY(add_alert_routes());
    STIPEND_TRY(role_->add_routes(*control_));
    // The host runs without those below: payments must not stop because a listener or a watch failed to open.
    const auto refresh = [this] { role_->refresh_metrics(metrics_); };
    if (settings.metrics_listen == config::no_listener) {
        log_.info("metrics are not served: listen.metrics is none");
    } else if (const auto served = listen_metrics(settings)) {
        loop_.post(refresh);  // starts what takes a while to measure, for the first request to report
    } else {
        log_.error("metrics are not served: " + served.error().message);
    }
    role_->serve(*server_thread_);
    file_watch_ = std::make_unique<FileWatch>(make_lane(), [this](const std::filesystem::path& file) {
        serial_->post([this, file] { file_changed(file); });
    });
    watch_files();
    return {};
}

Result<void> Host::add_alert_routes() {
    if (!alert_delivery_) return {};
    auto& alerts = *alert_delivery_;
    STIPEND_TRY(control_->quick_route("GET", "/alerts", [&alerts](const Json&) { return alerts.list(); }));
    STIPEND_TRY(
        control_->quick_route("POST", "/alerts/silence", [&alerts](const Json& body) { return alerts.silence(body); }));
    STIPEND_TRY(control_->quick_route("POST", "/alerts/unsilence",
                                      [&alerts](const Json& body) { return alerts.unsilence(body); }));
    return control_->slow_route("POST", "/alerts/test", [&alerts](const Json& body) { return alerts.test(body); });
}

Result<Applied> Host::apply(std::unique_ptr<Plan> plan) {
    const plugin::ControlScope control;
    const plugin::Services services{.clock = &clock_,
                                    .executor = plugin_pool_.get(),
                                    .deadlines = work_pool_.get(),
                                    .http = client_.get(),
                                    .values = writer_.get(),
                                    .metrics = &metrics_,
                                    .log = &log_,
                                    .routes = &routes_,
                                    .watched = role_->watched(),
                                    .fees = role_->fees(),
                                    .alerts = role_->alerts()};
    STIPEND_LET(fresh, instances_->make(plan->instances, plan->terms, services));
    // One thread for each instance: one that blocks keeps no other from its turn.
    plugin_pool_->reach(std::min(plugin_threads + static_cast<unsigned>(instances_->alive()), most_plugin_threads));
    const auto alerts = plan->settings.alerts;
    const auto interval_ns = plan->terms.interval_ns;
    auto applied = role_->apply(std::move(plan), fresh);
    if (!applied) {
        instances_->discard(fresh);
        return applied;
    }
    plugin::note_generation(static_cast<std::uint64_t>(applied->generation));
    if (alert_delivery_) alert_delivery_->install(alerts, interval_ns, fresh);
    instances_->replace(std::move(fresh));
    call_watch_->plugins_replaced();
    return applied;
}

Result<void> Host::run() {
    loop_.run(clock_, [this] { return turn(); });
    // What ended the host before did not end it this time.
    if (options_.listens) forget_plugin_ends();
    loop_.close();  // a thread that waits for this one gets an error instead of waiting for ever
    service_manager::stopping();
    return role_->outcome();
}

std::optional<stipend_mono_ns> Host::turn() {
    const auto now = this->now();
    auto [over, next] = role_->tick(now);
    if (over) {
        watcher_->save_last();
        loop_.stop();
        return std::nullopt;
    }
    const auto at_latest = [&next = next](stipend_unix_ns at) { next = next ? std::min(*next, at) : at; };
    if (const auto look = watcher_->tick(now)) at_latest(*look);
    if (retry_at_ && *retry_at_ <= now) {
        retry_at_.reset();
        serial_->post([this] { retry_waiting(); });
    } else if (retry_at_) {
        at_latest(*retry_at_);
    }
    if (again_at_ && *again_at_ <= now) {
        again_at_.reset();
        apply_again();
    } else if (again_at_) {
        at_latest(*again_at_);
    }
    if (watchdog_ns_ != 0) {
        if (role_->alive(now)) service_manager::watchdog();
        at_latest(now + watchdog_ns_ / 3);
    }
    if (!next) return std::nullopt;
    return line_.monotonic_of(*next);
}

void Host::begin_stop() {
    if (role_ && !std::exchange(stopping_, true)) role_->begin_stop();
}

std::vector<std::string> Host::command_line(std::vector<std::string> arguments) const {
    if (options_.program.empty()) return {};
    arguments.insert(arguments.begin(), options_.program);
    arguments.insert(arguments.end(), {"-c", options_.config_file});
    return arguments;
}

}  // namespace stipend::runtime
