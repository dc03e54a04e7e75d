// A host for tests of plugins: one thread, a virtual clock, scripted HTTP, and a record of the plugin's logs, metrics
// and observations.
//
//     FakeHost host;
//     auto plugin = host.create<byoc::Dispatch>(R"({"gateway":"http://gw"})");
//     plugin.start();
//     host.http().expect("POST", "http://gw/process/request/agent-net", FakeReply::answer(200, "{}"));
//     auto job = plugin.submit({.orchestrator_id = "a", .address = "https://a"});
//     host.run();
//     CHECK(job->reason == "...");
//
// A plugin that breaks a rule of the ABI (it completes an operation twice, or before the start function returned, or
// after its end) or sends an unexpected request causes a fault. A fault that no test takes ends the process when the
// host is destroyed.
#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "stipend/abi/entry.h"
#include "stipend/testing/event_queue.hpp"
#include "stipend/testing/fake_http.hpp"
#include "stipend/testing/fake_mail.hpp"
#include "stipend/testing/fake_plugin.hpp"
#include "stipend/testing/fake_routes.hpp"

namespace stipend::testing {

struct LogLine {
    std::int32_t level;
    std::string text;
};

struct FeeReservation {
    std::string job_id;
    stipend_u256 wei;
};

class FakeHost {
  public:
    FakeHost()
        : http_(
              events_, [this](std::string what) { fault(std::move(what)); },
              [this](const std::function<void()>& work) { as(Role::pool, work); }),
          routes_([this](std::string what) { fault(std::move(what)); },
                  [this](const std::function<void()>& work) { as(Role::pool, work); }) {}
    ~FakeHost() {
        if (!faults_.empty()) detail::die(faults_.front().c_str(), "stipend/testing/fake_host.hpp", 0);
    }
    FakeHost(const FakeHost&) = delete;
    FakeHost& operator=(const FakeHost&) = delete;

    // Creates an instance of a plugin class, or of a plugin of a loaded library. The host must outlive it.
    template <class Plugin>
    Result<FakePlugin> try_create(const std::string& config_json = "{}", stipend_terms terms = minute_terms()) {
        return try_create(detail::Library<Plugin>::lifecycle, Plugin::info.id, config_json, terms);
    }
    Result<FakePlugin> try_create(const stipend_lifecycle_v1& lifecycle, std::string_view id,
                                  const std::string& config_json, stipend_terms terms = minute_terms()) {
        stipend_instance* made = nullptr;
        auto error = empty_error();
        stipend_status status = STIPEND_E_INTERNAL;
        as(Role::control, [&] {
            status = lifecycle.create(&raw_, to_abi(id), to_abi(id), to_abi(config_json), &terms, &made, &error);
        });
        if (status != STIPEND_OK) return from_abi(status, &error);
        return FakePlugin(link(), lifecycle, made);
    }
    // As above, for a valid configuration.
    template <class Plugin>
    FakePlugin create(const std::string& config_json = "{}") {
        auto made = try_create<Plugin>(config_json);
        if (!made) detail::die(made.error().message.c_str(), "FakeHost::create", 0);
        return std::move(made).value();
    }
    static stipend_terms minute_terms() { return make_terms(60 * ns_per_s, 10'00000000); }

    // Runs the events that are due now.
    void run() { advance(0); }
    // Advances the clock by `ns` and runs the events that become due.
    void advance(std::int64_t ns) {
        const auto until = events_.monotonic() + ns;
        while (events_.step(until)) {
        }
        events_.jump(until);
    }
    // Advances the clock from event to event until there is none; a fault if that takes longer than `most_ns`.
    void settle(std::int64_t most_ns = 3600 * ns_per_s) {
        const auto until = events_.monotonic() + most_ns;
        while (events_.step(until)) {
        }
        if (events_.size() != 0) fault("the plugin does not come to rest");
    }
    [[nodiscard]] stipend_mono_ns monotonic() const { return events_.monotonic(); }
    [[nodiscard]] stipend_unix_ns now() const { return events_.now(); }
    // Sets the wall clock, ahead of its undisturbed course by that.
    void set_wall(std::int64_t ahead_ns) { events_.set_wall(ahead_ns); }

    FakeHttp& http() { return http_; }
    FakeRoutes& routes() { return routes_; }
    [[nodiscard]] const std::vector<FakeMail>& mails() const { return mails_; }
    void answer_mails(FakeMailAnswer answer) { mail_answer_ = std::move(answer); }
    // Reports on the services over a window; a host without it watches none.
    using Services = std::function<Result<ServiceReport>(std::uint32_t window_s)>;
    void serve_services(Services services) { services_ = std::move(services); }
    // Answers reservations of fees; a host without it grants each.
    using Fees = std::function<Result<void>(const FeeReservation&)>;
    void answer_fees(Fees fees) { fees_ = std::move(fees); }
    // All reservations so far, granted or not.
    [[nodiscard]] const std::vector<FeeReservation>& reservations() const { return reservations_; }
    std::map<std::string, std::string>& values() { return values_; }
    // The active alerts: texts by id.
    [[nodiscard]] const std::map<std::string, std::string>& alerts() const { return alerts_; }
    [[nodiscard]] const std::vector<LogLine>& log() const { return log_; }
    [[nodiscard]] bool logged(std::int32_t level, std::string_view part) const {
        return std::any_of(log_.begin(), log_.end(), [&](const LogLine& line) {
            return line.level == level && line.text.find(part) != std::string::npos;
        });
    }
    // The value of a metric by the plugin's name for it; 0 if it was never recorded.
    [[nodiscard]] std::int64_t metric(const std::string& name) const {
        const auto found = metrics_.find(name);
        return found == metrics_.end() ? 0 : found->second.value;
    }
    // Removes a service from this host.
    void withhold(const char* service) { withheld_.insert(service); }
    void refuse_timers(bool refuse) { timers_refused_ = refuse; }

    // Observations of watches so far; a test may clear them.
    std::vector<Observation>& observations() { return observations_; }

    // Returns the faults so far and clears them.
    [[nodiscard]] std::vector<std::string> take_faults() { return std::exchange(faults_, {}); }
    [[nodiscard]] const stipend_host* raw() const { return &raw_; }

  private:
    using Role = FakeLink::Role;
    struct MetricValue {
        std::int32_t kind = 0;
        std::int64_t value = 0;
    };

    void fault(std::string what) { faults_.push_back(std::move(what)); }
    void as(Role role, const std::function<void()>& work) {
        const auto outer = std::exchange(role_, role);
        work();
        role_ = outer;
    }
    FakeLink link() {
        FakeLink link;
        link.host = &raw_;
        link.as = [this](Role role, const std::function<void()>& work) { as(role, work); };
        link.open = [this](FakeLink::Done done) {
            operations_.emplace(++last_op_, std::move(done));
            return starting_ = last_op_;
        };
        link.started = [this](stipend_op op, bool accepted) {
            starting_ = 0;
            if (!accepted) operations_.erase(op);
        };
        link.done = &FakeHost::done;
        link.observe = &FakeHost::observe;
        link.wind_up = [this] {
            // Ends all exchanges, so that the plugin's callbacks are freed.
            for (int round = 0; round < 8 && http_.under_way() != 0; ++round) {
                http_.cancel_all();
                run();
            }
            run();
        };
        link.ending = [this](FakeLink::Ending ending) { ending_ = ending; };
        return link;
    }

    static FakeHost& of(const stipend_host* h) { return *static_cast<FakeHost*>(h->host_data); }

    static void done(const stipend_host* h, stipend_op op, stipend_status status, const void* record,
                     const stipend_error* error) {
        auto& self = of(h);
        if (self.ending_ == FakeLink::Ending::forgiven) return;
        if (self.ending_ == FakeLink::Ending::strict) return self.fault("an operation was answered by destroy");
        const auto found = self.operations_.find(op);
        if (found == self.operations_.end()) return self.fault("an operation was answered twice, or never existed");
        const auto answer = std::move(found->second);
        self.operations_.erase(found);
        answer(status, record, error);
    }
    static void observe(const stipend_host* h, stipend_op op, const stipend_observation* o) {
        auto& self = of(h);
        if (self.operations_.count(op) == 0) return self.fault("an observation of a watch that is over, or never was");
        if (op == self.starting_) return self.fault("an observation before the watch's start function returned");
        self.observations_.push_back(Observation::of(*o));
    }
    static const void* interface_of(const stipend_host* h, const char* id) {
        if (of(h).withheld_.count(id) != 0) return nullptr;
        const auto is = [id](const char* known) { return std::strcmp(id, known) == 0; };
        if (is(STIPEND_HOST_LOG)) return log_table();
        if (is(STIPEND_HOST_CLOCK)) return clock_table();
        if (is(STIPEND_HOST_METRICS)) return metrics_table();
        if (is(STIPEND_HOST_KV)) return values_table();
        if (is(STIPEND_HOST_TIMER)) return timer_table();
        if (is(STIPEND_HOST_THREADS)) return threads_table();
        if (is(STIPEND_HOST_HTTP)) return http_table();
        if (is(STIPEND_HOST_MAIL)) return mail_table();
        if (is(STIPEND_HOST_ROUTES)) return routes_table();
        if (is(STIPEND_HOST_SERVICES)) return services_table();
        if (is(STIPEND_HOST_FEES)) return fees_table();
        if (is(STIPEND_HOST_ALERTS)) return alerts_table();
        return nullptr;
    }
    std::uint64_t define(std::int32_t kind, std::string_view name) {
        metrics_.emplace(std::string(name), MetricValue{kind, 0});
        metric_names_.emplace_back(name);
        return metric_names_.size();
    }
    void record(std::uint64_t metric, std::int64_t value) {
        if (metric == 0 || metric > metric_names_.size()) return;
        auto& kept = metrics_[metric_names_[metric - 1]];
        kept.value = kept.kind == STIPEND_METRIC_COUNTER ? kept.value + value : value;
    }

    static const stipend_host_log_v1* log_table() {
        static constexpr stipend_host_log_v1 table{[](const stipend_host*, std::int32_t) { return 1; },
                                                   [](const stipend_host* h, std::int32_t level, stipend_str text) {
                                                       of(h).log_.push_back({level, std::string(view(text))});
                                                   }};
        return &table;
    }
    static const stipend_host_clock_v1* clock_table() {
        static constexpr stipend_host_clock_v1 table{[](const stipend_host* h) { return of(h).events_.now(); },
                                                     [](const stipend_host* h) { return of(h).events_.monotonic(); }};
        return &table;
    }
    static const stipend_host_metrics_v1* metrics_table() {
        static constexpr stipend_host_metrics_v1 table{
            [](const stipend_host* h, std::int32_t kind, stipend_str name, stipend_str) {
                return of(h).define(kind, view(name));
            },
            [](const stipend_host* h, std::uint64_t metric, std::int64_t value) { of(h).record(metric, value); }};
        return &table;
    }
    static const stipend_host_kv_v1* values_table() {
        static constexpr stipend_host_kv_v1 table{
            [](const stipend_host* h, stipend_str key, const stipend_sink* out) -> stipend_status {
                const auto found = of(h).values_.find(std::string(view(key)));
                if (found == of(h).values_.end()) return STIPEND_E_UNAVAILABLE;
                return out->write(out->ctx, found->second.data(), found->second.size());
            },
            [](const stipend_host* h, stipend_str key, stipend_bytes value) -> stipend_status {
                of(h).values_[std::string(view(key))] = view(value);
                return STIPEND_OK;
            },
            [](const stipend_host* h, stipend_str key) -> stipend_status {
                of(h).values_.erase(std::string(view(key)));
                return STIPEND_OK;
            }};
        return &table;
    }
    static const stipend_host_timer_v1* timer_table() {
        static constexpr stipend_host_timer_v1 table{
            [](const stipend_host* h, std::uint64_t delay_ns, void (*cb)(void*), void* user) -> stipend_op {
                auto& self = of(h);
                if (self.timers_refused_) return 0;
                const auto delay = static_cast<std::int64_t>(std::min<std::uint64_t>(delay_ns, INT64_MAX));
                return self.events_.add(delay, [&self, cb, user] { self.as(Role::pool, [cb, user] { cb(user); }); });
            },
            [](const stipend_host* h, stipend_op op) { return of(h).events_.cancel(op) ? 1 : 0; }};
        return &table;
    }
    static const stipend_host_alerts_v1* alerts_table() {
        static constexpr stipend_host_alerts_v1 table{
            [](const stipend_host* h, stipend_str id, std::int32_t, stipend_str text) -> stipend_status {
                of(h).alerts_.emplace(view(id), view(text));
                return STIPEND_OK;
            },
            [](const stipend_host* h, stipend_str id) { of(h).alerts_.erase(std::string(view(id))); }};
        return &table;
    }
    static const stipend_host_threads_v1* threads_table() {
        static constexpr stipend_host_threads_v1 table{
            [](const stipend_host* h) { return of(h).role_ == Role::control ? 1 : 0; },
            [](const stipend_host* h) { return of(h).role_ == Role::pool ? 1 : 0; }};
        return &table;
    }
    static const stipend_host_http_v1* http_table() {
        static constexpr stipend_host_http_v1 table{
            [](const stipend_host* h, const stipend_http_request* request, stipend_http_chunk on_part,
               stipend_http_done done, void* user,
               stipend_op* out) { return of(h).http_.send(*request, on_part, done, user, out); },
            [](const stipend_host* h, stipend_op op) { of(h).http_.cancel(op); }};
        return &table;
    }

    static const stipend_host_mail_v1* mail_table() {
        static constexpr stipend_host_mail_v1 table{
            [](const stipend_host* h, const stipend_mail* mail, stipend_mail_done done, void* user,
               stipend_op* out) -> stipend_status {
                auto& self = of(h);
                *out = 0;
                if (self.mail_answer_.refused != STIPEND_OK) return self.mail_answer_.refused;
                self.mails_.push_back(FakeMail::of(*mail));
                *out = self.events_.add(1, [&self, done, user] {
                    self.as(Role::pool, [&self, done, user] {
                        auto error = empty_error();
                        const auto& answer = self.mail_answer_;
                        const auto status = answer.status == STIPEND_OK
                                                ? STIPEND_OK
                                                : report(&error, fail(answer.status, answer.error));
                        done(user, status, answer.code, &error);
                    });
                });
                return STIPEND_OK;
            },
            [](const stipend_host*, stipend_op) {}};  // it ends by itself at once
        return &table;
    }

    static const stipend_host_routes_v1* routes_table() {
        static constexpr stipend_host_routes_v1 table{
            [](const stipend_host* h, stipend_str listener, stipend_str method, stipend_str path,
               stipend_route_handler handler, void* user) {
                auto& self = of(h);
                if (self.role_ != Role::control) self.fault("a route was added off [control]");
                return self.routes_.add(view(listener), view(method), view(path), handler, user);
            },
            [](const stipend_host* h, std::uint64_t token, std::int32_t status, stipend_str headers,
               stipend_bytes body) { return of(h).routes_.respond(token, status, view(headers), view(body)); }};
        return &table;
    }
    static const stipend_host_services_v1* services_table() {
        static constexpr stipend_host_services_v1 table{[](const stipend_host* h, std::uint32_t window_s,
                                                           stipend_service_visitor visitor,
                                                           void* user) -> stipend_status {
            auto& self = of(h);
            if (self.role_ != Role::pool) self.fault("the services were visited off [pool]");
            if (!self.services_) return STIPEND_E_UNAVAILABLE;
            const auto report = self.services_(window_s);
            if (!report) return report.error().status;
            report->visit(visitor, user);
            return STIPEND_OK;
        }};
        return &table;
    }

    static const stipend_host_fees_v1* fees_table() {
        static constexpr stipend_host_fees_v1 table{[](const stipend_host* h, stipend_str job_id,
                                                       const stipend_u256* wei, stipend_fee_answer answer,
                                                       void* user) -> stipend_status {
            auto& self = of(h);
            self.reservations_.push_back({std::string(view(job_id)), *wei});
            const auto granted = self.fees_ ? self.fees_(self.reservations_.back()) : Result<void>();
            self.events_.add(0, [&self, granted, answer, user] {
                auto error = empty_error();
                const auto status = granted ? STIPEND_OK : report(&error, granted.error());
                self.as(Role::pool, [&] { answer(user, status, &error); });
            });
            return STIPEND_OK;
        }};
        return &table;
    }

    EventQueue events_;
    FakeHttp http_;
    FakeRoutes routes_;
    Services services_;
    Fees fees_;
    std::vector<FeeReservation> reservations_;
    stipend_host raw_{sizeof(stipend_host), STIPEND_ABI_MINOR, this, "fake", "0", &interface_of};
    Role role_ = Role::none;
    std::unordered_map<stipend_op, FakeLink::Done> operations_;
    stipend_op last_op_ = 0;
    stipend_op starting_ = 0;
    FakeLink::Ending ending_ = FakeLink::Ending::none;
    bool timers_refused_ = false;
    std::set<std::string> withheld_;
    std::vector<LogLine> log_;
    std::vector<Observation> observations_;
    std::map<std::string, std::string> values_;
    std::map<std::string, std::string> alerts_;
    std::map<std::string, MetricValue> metrics_;
    std::vector<std::string> metric_names_;
    std::vector<FakeMail> mails_;
    FakeMailAnswer mail_answer_;
    std::vector<std::string> faults_;
};

}  // namespace stipend::testing
