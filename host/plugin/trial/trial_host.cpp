#include "host/plugin/trial/trial_host.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>

#include "host/plugin/call.hpp"
#include "stipend/abi/entry.h"
#include "stipend/abi/fees.h"
#include "stipend/abi/http.h"
#include "stipend/abi/mail.h"
#include "stipend/abi/services.h"

namespace stipend::plugin {
namespace {

constexpr std::int64_t most_virtual_ns = 600'000'000'000;
constexpr int most_events = 300;
constexpr std::size_t most_waiting = 10'000;

}  // namespace

// The functions of the host's tables.
struct TrialTables {
    static TrialHost& of(const stipend_host* h) { return *static_cast<TrialHost*>(h->host_data); }

    static int32_t log_enabled(const stipend_host*, int32_t) { return 1; }
    static void log_write(const stipend_host*, int32_t, stipend_str) {}

    static stipend_unix_ns now(const stipend_host* h) {
        auto& self = of(h);
        const std::lock_guard lock(self.mutex_);
        return self.wall_start_ + self.now_;
    }
    static stipend_mono_ns monotonic(const stipend_host* h) {
        auto& self = of(h);
        const std::lock_guard lock(self.mutex_);
        return self.now_;
    }

    static uint64_t metric_define(const stipend_host* h, int32_t, stipend_str, stipend_str) {
        auto& self = of(h);
        const std::lock_guard lock(self.mutex_);
        return ++self.metrics_;
    }
    static void metric_record(const stipend_host*, uint64_t, int64_t) {}

    static stipend_status value_get(const stipend_host* h, stipend_str key, const stipend_sink* out) {
        auto& self = of(h);
        std::string value;
        {
            const std::lock_guard lock(self.mutex_);
            const auto found = self.values_.find(std::string(view(key)));
            if (found == self.values_.end()) return STIPEND_E_UNAVAILABLE;
            value = found->second;
        }
        return out->write(out->ctx, value.data(), value.size());
    }
    static stipend_status value_put(const stipend_host* h, stipend_str key, stipend_bytes value) {
        auto& self = of(h);
        const std::lock_guard lock(self.mutex_);
        if (self.values_.size() >= most_waiting || value.len > (1u << 20)) return STIPEND_E_LIMIT;
        self.values_[std::string(view(key))] = view(value);
        return STIPEND_OK;
    }
    static stipend_status value_erase(const stipend_host* h, stipend_str key) {
        auto& self = of(h);
        const std::lock_guard lock(self.mutex_);
        self.values_.erase(std::string(view(key)));
        return STIPEND_OK;
    }

    static stipend_op timer_after(const stipend_host* h, uint64_t delay_ns, stipend_timer_fired fired, void* user) {
        const auto delay = std::min<std::uint64_t>(delay_ns, std::numeric_limits<std::int64_t>::max() / 2);
        return of(h).post(static_cast<std::int64_t>(delay), "a timer's callback", [fired, user] { fired(user); });
    }
    static int32_t timer_cancel(const stipend_host* h, stipend_op op) {
        auto& self = of(h);
        const std::lock_guard lock(self.mutex_);
        return self.events_.erase(op) != 0 ? 1 : 0;
    }

    static stipend_status alert_raise(const stipend_host*, stipend_str, int32_t, stipend_str) { return STIPEND_OK; }
    static void alert_resolve(const stipend_host*, stipend_str) {}

    static int32_t on_control(const stipend_host* h) { return of(h).on_pool_ ? 0 : 1; }
    static int32_t on_pool(const stipend_host* h) { return of(h).on_pool_ ? 1 : 0; }

    static stipend_status route_add(const stipend_host* h, stipend_str, stipend_str method, stipend_str path,
                                    stipend_route_handler handler, void* user) {
        auto& self = of(h);
        const std::lock_guard lock(self.mutex_);
        if (self.routes_.size() >= 100) return STIPEND_E_LIMIT;
        self.routes_.push_back({handler, user, std::string(view(method)), std::string(view(path))});
        return STIPEND_OK;
    }
    static stipend_status route_respond(const stipend_host*, uint64_t, int32_t, stipend_str, stipend_bytes) {
        return STIPEND_OK;
    }

    static stipend_status services_visit(const stipend_host* h, uint32_t window_s, stipend_service_visitor visitor,
                                         void* user) {
        auto record = make_record<stipend_service_record>();
        record.verdict = 1;
        record.name = to_abi("probe");
        record.up_ppm = record.seen_ppm = 1'000'000;
        record.looks = 10;
        record.since = 1'750'000'000'000'000'000;
        auto totals = make_record<stipend_service_totals>();
        totals.window_s = window_s;
        totals.now = now(h);
        totals.overall_ppm = totals.coverage_ppm = 1'000'000;
        visitor(user, &totals, &record, 1, sizeof record);
        return STIPEND_OK;
    }

    static stipend_status fee_reserve(const stipend_host* h, stipend_str, const stipend_u256*,
                                      stipend_fee_answer answer, void* user) {
        of(h).post(0, "the answer to a reservation", [answer, user] {
            const auto none = empty_error();
            answer(user, STIPEND_OK, &none);
        });
        return STIPEND_OK;
    }

    static stipend_status http_send(const stipend_host* h, const stipend_http_request*, stipend_http_chunk,
                                    stipend_http_done done, void* user, stipend_op* out) {
        *out = of(h).post(1'000'000, "the end of an HTTP exchange", [done, user] {
            auto response = make_record<stipend_http_response>();
            response.phase = STIPEND_HTTP_RESOLVE;
            response.cause = STIPEND_HTTP_CAUSE_LOCAL;
            auto error = empty_error();
            const auto status = report(&error, fail(STIPEND_E_UNAVAILABLE, "the probe has no network"));
            done(user, status, &response, &error);
        });
        return *out == 0 ? STIPEND_E_BUSY : STIPEND_OK;
    }
    static stipend_status mail_send(const stipend_host* h, const stipend_mail*, stipend_mail_done done, void* user,
                                    stipend_op* out) {
        *out = of(h).post(1'000'000, "the end of an e-mail", [done, user] {
            auto error = empty_error();
            const auto status = report(&error, fail(STIPEND_E_UNAVAILABLE, "the probe has no network"));
            done(user, status, 0, &error);
        });
        return *out == 0 ? STIPEND_E_BUSY : STIPEND_OK;
    }
    // The exchange ends by itself soon.
    static void http_cancel(const stipend_host*, stipend_op) {}

    static void done(const stipend_host* h, stipend_op op, stipend_status, const void*, const stipend_error*) {
        if (h == nullptr) return;  // a host refuses such an answer
        auto& self = of(h);
        const std::lock_guard lock(self.mutex_);
        ++self.operations_[op];
    }

    static const void* get_interface(const stipend_host*, const char* id);
};

namespace {

constexpr stipend_host_log_v1 trial_log{&TrialTables::log_enabled, &TrialTables::log_write};
constexpr stipend_host_clock_v1 trial_clock{&TrialTables::now, &TrialTables::monotonic};
constexpr stipend_host_metrics_v1 trial_metrics{&TrialTables::metric_define, &TrialTables::metric_record};
constexpr stipend_host_kv_v1 trial_values{&TrialTables::value_get, &TrialTables::value_put, &TrialTables::value_erase};
constexpr stipend_host_timer_v1 trial_timer{&TrialTables::timer_after, &TrialTables::timer_cancel};
constexpr stipend_host_alerts_v1 trial_alerts{&TrialTables::alert_raise, &TrialTables::alert_resolve};
constexpr stipend_host_threads_v1 trial_threads{&TrialTables::on_control, &TrialTables::on_pool};
constexpr stipend_host_routes_v1 trial_routes{&TrialTables::route_add, &TrialTables::route_respond};
constexpr stipend_host_services_v1 trial_services{&TrialTables::services_visit};
constexpr stipend_host_fees_v1 trial_fees{&TrialTables::fee_reserve};
constexpr stipend_host_http_v1 trial_http{&TrialTables::http_send, &TrialTables::http_cancel};
constexpr stipend_host_mail_v1 trial_mail{&TrialTables::mail_send, &TrialTables::http_cancel};

}  // namespace

const void* TrialTables::get_interface(const stipend_host*, const char* id) {
    const std::pair<const char*, const void*> tables[] = {
        {STIPEND_HOST_LOG, &trial_log},           {STIPEND_HOST_CLOCK, &trial_clock},
        {STIPEND_HOST_METRICS, &trial_metrics},   {STIPEND_HOST_KV, &trial_values},
        {STIPEND_HOST_TIMER, &trial_timer},       {STIPEND_HOST_ALERTS, &trial_alerts},
        {STIPEND_HOST_THREADS, &trial_threads},   {STIPEND_HOST_ROUTES, &trial_routes},
        {STIPEND_HOST_SERVICES, &trial_services}, {STIPEND_HOST_FEES, &trial_fees},
        {STIPEND_HOST_HTTP, &trial_http},         {STIPEND_HOST_MAIL, &trial_mail},
    };
    for (const auto& [name, table] : tables) {
        if (std::strcmp(id, name) == 0) return table;
    }
    return nullptr;
}

TrialHost::TrialHost(Calls& calls, std::string label)
    : calls_(calls),
      label_(std::move(label)),
      raw_{sizeof(stipend_host), STIPEND_ABI_MINOR, this, "stipend", "", &TrialTables::get_interface},
      wall_start_(
          std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
              .count()) {}

stipend_completion TrialHost::expect() {
    const std::lock_guard lock(mutex_);
    operations_[++last_op_] = 0;
    return {&raw_, last_op_, &TrialTables::done};
}

bool TrialHost::is_over(stipend_op op) {
    const std::lock_guard lock(mutex_);
    const auto found = operations_.find(op);
    return found == operations_.end() || found->second > 0;
}

void TrialHost::forget(stipend_op op) {
    const std::lock_guard lock(mutex_);
    operations_.erase(op);
}

stipend_op TrialHost::post(std::int64_t delay_ns, std::string what, std::function<void()> run) {
    const std::lock_guard lock(mutex_);
    if (events_.size() >= most_waiting) return 0;
    events_.emplace(++last_op_, Event{now_ + delay_ns, std::move(what), std::move(run)});
    return last_op_;
}

bool TrialHost::take_next(std::int64_t until, Event& out) {
    const std::lock_guard lock(mutex_);
    const auto next = std::min_element(events_.begin(), events_.end(),
                                       [](const auto& a, const auto& b) { return a.second.at < b.second.at; });
    if (next == events_.end() || next->second.at > until) return false;
    out = std::move(next->second);
    events_.erase(next);
    now_ = std::max(now_, out.at);
    return true;
}

Result<void> TrialHost::run(stipend_op op) {
    std::int64_t until = 0;
    {
        const std::lock_guard lock(mutex_);
        until = now_ + most_virtual_ns;
    }
    Event next;
    for (int events = 0; events < most_events && (op == 0 || !is_over(op)) && take_next(until, next); ++events) {
        STIPEND_TRY(on_pool([&] {
            return calls_.make(next.what, [&] {
                return call(next.what, label_, [&](stipend_error*) {
                    next.run();
                    return STIPEND_OK;
                });
            });
        }));
    }
    return {};
}

Result<void> TrialHost::visit_routes() {
    std::vector<Route> routes;
    {
        const std::lock_guard lock(mutex_);
        routes = routes_;
    }
    for (const auto& route : routes) {
        auto request = make_record<stipend_route_request>();
        request.method = to_abi(route.method);
        request.path = to_abi(route.path);
        request.headers = to_abi("host: probe\r\n");
        request.peer = to_abi("127.0.0.1:1");
        request.token = expect().op;
        forget(request.token);
        const auto what = cat("the handler of ", route.method, " ", route.path);
        STIPEND_TRY(on_pool([&] {
            return calls_.make(what, [&] {
                return call(what, label_, [&](stipend_error*) {
                    route.handler(route.user, &request);
                    return STIPEND_OK;
                });
            });
        }));
    }
    return {};
}

}  // namespace stipend::plugin
