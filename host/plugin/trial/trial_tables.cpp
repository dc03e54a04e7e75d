#include <algorithm>
#include <cstring>
#include <limits>

#include "host/plugin/rules.hpp"
#include "host/plugin/trial/trial_host.hpp"
#include "stipend/abi/fees.h"
#include "stipend/abi/http.h"
#include "stipend/abi/mail.h"
#include "stipend/abi/services.h"

namespace stipend::plugin {

// The functions of the host's tables.
struct TrialTables {
    // `service` is what is asked of the host.
    static TrialHost& of(const stipend_host* h, const char* service) {
        auto& self = *static_cast<TrialHost*>(h->host_data);
        const std::lock_guard lock(self.mutex_);
        if (self.is_over_)
            self.find_locked(rules::destroyed, cat("got a call of ", service, " after destroy, want none"));
        return self;
    }

    static int32_t log_enabled(const stipend_host* h, int32_t) { return static_cast<void>(of(h, "the log")), 1; }
    static void log_write(const stipend_host* h, int32_t, stipend_str) { static_cast<void>(of(h, "the log")); }

    static stipend_unix_ns now(const stipend_host* h) {
        auto& self = of(h, "the clock");
        const std::lock_guard lock(self.mutex_);
        return self.wall_start_ + self.now_;
    }
    static stipend_mono_ns monotonic(const stipend_host* h) { return of(h, "the clock").monotonic_now(); }

    static uint64_t metric_define(const stipend_host* h, int32_t, stipend_str, stipend_str) {
        auto& self = of(h, "the host");
        const std::lock_guard lock(self.mutex_);
        return ++self.metrics_;
    }
    static void metric_record(const stipend_host*, uint64_t, int64_t) {}

    static stipend_status value_get(const stipend_host* h, stipend_str key, const stipend_sink* out) {
        auto& self = of(h, "the host");
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
        auto& self = of(h, "the host");
        const std::lock_guard lock(self.mutex_);
        if (self.values_.size() >= TrialHost::most_waiting || value.len > (1u << 20)) return STIPEND_E_LIMIT;
        self.values_[std::string(view(key))] = view(value);
        return STIPEND_OK;
    }
    static stipend_status value_erase(const stipend_host* h, stipend_str key) {
        auto& self = of(h, "the host");
        const std::lock_guard lock(self.mutex_);
        self.values_.erase(std::string(view(key)));
        return STIPEND_OK;
    }

    static stipend_op timer_after(const stipend_host* h, uint64_t delay_ns, stipend_timer_fired fired, void* user) {
        const auto delay = std::min<std::uint64_t>(delay_ns, std::numeric_limits<std::int64_t>::max() / 2);
        return of(h, "the timer").post(static_cast<std::int64_t>(delay), "a timer's callback", [fired, user] {
            fired(user);
        });
    }
    static int32_t timer_cancel(const stipend_host* h, stipend_op op) {
        auto& self = of(h, "the host");
        const std::lock_guard lock(self.mutex_);
        return self.events_.erase(op) != 0 ? 1 : 0;
    }

    static stipend_status alert_raise(const stipend_host*, stipend_str, int32_t, stipend_str) { return STIPEND_OK; }
    static void alert_resolve(const stipend_host*, stipend_str) {}

    static int32_t on_control(const stipend_host* h) { return of(h, "the threads").on_pool_ ? 0 : 1; }
    static int32_t on_pool(const stipend_host* h) { return of(h, "the threads").on_pool_ ? 1 : 0; }

    static stipend_status route_add(const stipend_host* h, stipend_str, stipend_str method, stipend_str path,
                                    stipend_route_handler handler, void* user) {
        auto& self = of(h, "the host");
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
        of(h, "the fees").post(0, "the answer to a reservation", [answer, user] {
            const auto none = empty_error();
            answer(user, STIPEND_OK, &none);
        });
        return STIPEND_OK;
    }

    static stipend_status http_send(const stipend_host* h, const stipend_http_request* request,
                                    stipend_http_chunk on_part, stipend_http_done done, void* user, stipend_op* out) {
        auto& self = of(h, "the HTTP client");
        *out = 0;
        if (request->timeout_ms == 0 || request->url.len == 0) return STIPEND_E_INVALID;
        const auto answers = self.answers_;
        const auto exchange = exchange_of(answers, request->timeout_ms, request->max_response_bytes);
        const auto cancelled = std::make_shared<bool>(false);
        *out = self.post(
            exchange.delay_ns, cat("the end of an HTTP exchange (", name_of(answers), ")"),
            [exchange, cancelled, on_part, done, user] { end_exchange(exchange, *cancelled, on_part, done, user); },
            cancelled);
        return *out == 0 ? STIPEND_E_BUSY : STIPEND_OK;
    }
    static void end_exchange(const Exchange& exchange, bool cancelled, stipend_http_chunk on_part,
                             stipend_http_done done, void* user) {
        auto response = make_record<stipend_http_response>();
        response.phase = exchange.phase;
        response.cause = exchange.cause;
        auto error = empty_error();
        if (cancelled) {
            response.cause = STIPEND_HTTP_CAUSE_OTHER;
            done(user, report(&error, fail(STIPEND_E_CANCELLED, "cancelled")), &response, &error);
            return;
        }
        response.http_status = exchange.http_status;
        response.headers = to_abi(exchange.headers);
        response.total_ns = exchange.delay_ns;
        auto status = exchange.status;
        if (on_part == nullptr) {
            response.body = bytes_to_abi(exchange.body);
        } else if (!exchange.body.empty()) {
            const auto taken = on_part(user, &response, bytes_to_abi(exchange.body));
            if (status == STIPEND_OK) status = taken;
        }
        if (status != STIPEND_OK) report(&error, fail(status, exchange.message));
        done(user, status, &response, &error);
    }
    static stipend_status mail_send(const stipend_host* h, const stipend_mail*, stipend_mail_done done, void* user,
                                    stipend_op* out) {
        *out = of(h, "the mail client").post(1'000'000, "the end of an e-mail", [done, user] {
            auto error = empty_error();
            const auto status = report(&error, fail(STIPEND_E_UNAVAILABLE, "the probe has no network"));
            done(user, status, 0, &error);
        });
        return *out == 0 ? STIPEND_E_BUSY : STIPEND_OK;
    }
    static void http_cancel(const stipend_host* h, stipend_op op) {
        auto& self = of(h, "the HTTP client");
        const std::lock_guard lock(self.mutex_);
        const auto found = self.events_.find(op);
        if (found == self.events_.end() || found->second.cancelled == nullptr) return;
        *found->second.cancelled = true;
        found->second.at = self.now_;
    }
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

const void* trial_interface(const stipend_host*, const char* id) {
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

}  // namespace stipend::plugin
