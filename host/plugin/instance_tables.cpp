#include "host/plugin/instance.hpp"

#include <algorithm>
#include <cstring>

#include "host/plugin/host_slot.hpp"
#include "host/plugin/instance_tables.hpp"
#include "stipend/abi/dispatch.h"
#include "stipend/abi/fees.h"
#include "stipend/abi/http.h"
#include "stipend/host.hpp"

namespace stipend::plugin {

namespace {

constexpr std::uint64_t max_job_id_bytes = 1024;

}  // namespace

// Called from plugins' threads: nothing here throws, and each function bears an instance that is over.
struct HostTables {
    static std::shared_ptr<Instance> of(const stipend_host* h) { return HostSlot::instance_of(h); }

    static const Services& services(const Instance& instance) { return instance.services_; }

    static std::int32_t log_enabled(const stipend_host* h, std::int32_t level) {
        const auto instance = of(h);
        return instance && instance->services_.log != nullptr && instance->services_.log->enabled(level) ? 1 : 0;
    }
    static void log_write(const stipend_host* h, std::int32_t level, stipend_str message) {
        const auto instance = of(h);
        if (instance && instance->services_.log != nullptr) {
            instance->services_.log->write(level, instance->name_, view(message).substr(0, 4096));
        }
    }
    static stipend_unix_ns now(const stipend_host* h) {
        const auto instance = of(h);
        return instance ? instance->services_.clock->now() : 0;
    }
    static stipend_mono_ns monotonic(const stipend_host* h) {
        const auto instance = of(h);
        return instance ? instance->services_.clock->monotonic() : 0;
    }
    static std::uint64_t metric_define(const stipend_host* h, std::int32_t kind, stipend_str name, stipend_str help) {
        const auto instance = of(h);
        return instance ? instance->services_.metrics->define(instance->name_, kind, view(name), view(help)) : 0;
    }
    static void metric_record(const stipend_host* h, std::uint64_t metric, std::int64_t value) {
        if (const auto instance = of(h)) instance->services_.metrics->record(metric, value);
    }
    static stipend_status value_get(const stipend_host* h, stipend_str key, const stipend_sink* out) {
        const auto instance = of(h);
        if (!instance) return STIPEND_E_STATE;
        const auto value = instance->services_.values->get(instance->values_, view(key));
        return value ? out->write(out->ctx, value->data(), value->size()) : value.error().status;
    }
    static stipend_status value_put(const stipend_host* h, stipend_str key, stipend_bytes value) {
        const auto instance = of(h);
        if (!instance) return STIPEND_E_STATE;
        const auto done = instance->services_.values->put(instance->values_, view(key), view(value));
        return done ? STIPEND_OK : done.error().status;
    }
    static stipend_status value_erase(const stipend_host* h, stipend_str key) {
        const auto instance = of(h);
        if (!instance) return STIPEND_E_STATE;
        const auto done = instance->services_.values->erase(instance->values_, view(key));
        return done ? STIPEND_OK : done.error().status;
    }
    static stipend_op timer_after(const stipend_host* h, std::uint64_t delay_ns, void (*callback)(void*), void* user) {
        const auto instance = of(h);
        return instance ? instance->timer_after(delay_ns, callback, user) : 0;
    }
    static std::int32_t timer_cancel(const stipend_host* h, stipend_op op) {
        const auto instance = of(h);
        return instance && instance->timer_cancel(op) ? 1 : 0;
    }
    static stipend_status alert_raise(const stipend_host* h, stipend_str id, std::int32_t severity, stipend_str text) {
        constexpr std::size_t most_id = 256;
        constexpr std::size_t most_text = 4096;
        const auto name = view(id);
        const auto printable = [](unsigned char c) { return c > 0x20 && c < 0x7f; };
        if (name.empty() || name.size() > most_id || !std::all_of(name.begin(), name.end(), printable) ||
            severity < STIPEND_ALERT_INFO || severity > STIPEND_ALERT_CRITICAL) {
            return STIPEND_E_INVALID;
        }
        const auto instance = of(h);
        if (!instance) return STIPEND_E_STATE;
        instance->services_.alerts->raise_for(instance->name_, name, severity, view(text).substr(0, most_text));
        return STIPEND_OK;
    }
    static void alert_resolve(const stipend_host* h, stipend_str id) {
        if (const auto instance = of(h)) instance->services_.alerts->resolve_for(instance->name_, view(id));
    }
    static std::int32_t on_control(const stipend_host*) { return ControlScope::active() ? 1 : 0; }
    static std::int32_t on_pool(const stipend_host* h) {
        const auto instance = of(h);
        return instance && instance->strand_->current() ? 1 : 0;
    }
    static stipend_status http_send(const stipend_host* h, const stipend_http_request* request,
                                    stipend_http_chunk on_part, stipend_http_done done, void* user, stipend_op* out) {
        *out = 0;
        const auto instance = of(h);
        if (!instance) return STIPEND_E_STATE;
        if (request->size < sizeof(stipend_http_request)) return STIPEND_E_INVALID;
        return instance->http_send(*request, on_part, done, user, out);
    }
    static void http_cancel(const stipend_host* h, stipend_op op) {
        if (const auto instance = of(h)) instance->services_.http->cancel(op);
    }
    static stipend_status mail_send(const stipend_host* h, const stipend_mail* mail, stipend_mail_done done, void* user,
                                    stipend_op* out) {
        *out = 0;
        const auto instance = of(h);
        if (!instance) return STIPEND_E_STATE;
        if (mail->size < sizeof(stipend_mail)) return STIPEND_E_INVALID;
        return instance->mail_send(*mail, done, user, out);
    }
    static stipend_status route_add(const stipend_host* h, stipend_str listener, stipend_str method, stipend_str path,
                                    stipend_route_handler handler, void* user) {
        const auto instance = of(h);
        if (!instance) return STIPEND_E_STATE;
        return instance->route_add(view(listener), view(method), view(path), handler, user);
    }
    static stipend_status route_respond(const stipend_host* h, std::uint64_t token, std::int32_t http_status,
                                        stipend_str headers, stipend_bytes body) {
        const auto instance = of(h);
        if (!instance) return STIPEND_E_STATE;
        const auto done = instance->routes_.respond(
            token, {.status = http_status, .headers = std::string(view(headers)), .body = std::string(view(body))});
        return done ? STIPEND_OK : done.error().status;
    }
    static stipend_status services_visit(const stipend_host* h, std::uint32_t window_s, stipend_service_visitor visitor,
                                         void* user) {
        const auto instance = of(h);
        if (!instance) return STIPEND_E_STATE;
        const auto report = instance->services_.watched->report(window_s);
        if (!report) return report.error().status;
        report->visit(visitor, user);
        return STIPEND_OK;
    }
    static stipend_status fee_reserve(const stipend_host* h, stipend_str job_id, const stipend_u256* wei,
                                      stipend_fee_answer answer, void* user) {
        const auto instance = of(h);
        if (!instance) return STIPEND_E_STATE;
        if (answer == nullptr || job_id.len > max_job_id_bytes) return STIPEND_E_INVALID;
        return instance->fee_reserve(view(job_id), *wei, answer, user);
    }
    static bool has_budget(const Instance& instance) {
        return instance.services_.fees != nullptr && instance.chosen_.plugin->has_kind(STIPEND_DISPATCH);
    }
    static void seen(const stipend_host* h, stipend_op op, const stipend_observation* observation) {
        const auto instance = HostSlot::known(h) ? of(h) : nullptr;
        if (instance && observation == nullptr) {
            instance->refuse("an observation that is NULL", op);
        } else if (instance) {
            stipend_observation scratch{};
            instance->seen(op, detail::record_view(observation, scratch));
        } else {
            Instance::count_late_completion();
        }
    }
    static void done(const stipend_host* h, stipend_op op, stipend_status status, const void* record,
                     const stipend_error* error);
};

namespace {

constexpr stipend_host_log_v1 log_table{&HostTables::log_enabled, &HostTables::log_write};
constexpr stipend_host_clock_v1 clock_table{&HostTables::now, &HostTables::monotonic};
constexpr stipend_host_metrics_v1 metrics_table{&HostTables::metric_define, &HostTables::metric_record};
constexpr stipend_host_kv_v1 values_table{&HostTables::value_get, &HostTables::value_put, &HostTables::value_erase};
constexpr stipend_host_timer_v1 timer_table{&HostTables::timer_after, &HostTables::timer_cancel};
constexpr stipend_host_alerts_v1 alerts_table{&HostTables::alert_raise, &HostTables::alert_resolve};
constexpr stipend_host_threads_v1 threads_table{&HostTables::on_control, &HostTables::on_pool};
constexpr stipend_host_routes_v1 routes_table{&HostTables::route_add, &HostTables::route_respond};
constexpr stipend_host_services_v1 services_table{&HostTables::services_visit};
constexpr stipend_host_fees_v1 fees_table{&HostTables::fee_reserve};
constexpr stipend_host_http_v1 http_table{&HostTables::http_send, &HostTables::http_cancel};
constexpr stipend_host_mail_v1 mail_table{&HostTables::mail_send, &HostTables::http_cancel};

}  // namespace

void HostTables::done(const stipend_host* h, stipend_op op, stipend_status status, const void* record,
                      const stipend_error* error) {
    if (HostSlot::known(h)) {
        if (const auto instance = of(h)) {
            instance->finish(op, status, record, error);
        } else {
            Instance::count_late_completion();
        }
        return;
    }
    // Which instance answers is known by the operation alone: no two have the same number.
    for (const auto& instance : HostSlot::instances()) {
        if (!instance->has_operation(op)) continue;
        instance->refuse("an answer with another host than it was given", op);
        auto raw = empty_error();
        const auto failed = report(
            &raw, fail(STIPEND_E_INTERNAL, instance->name_, ": got an answer with another host than it was given"));
        return instance->finish(op, failed, nullptr, &raw);
    }
    Instance::count_late_completion();
}

const void* host_interface(const stipend_host* host, const char* id) {
    const auto is = [id](const char* known) { return std::strcmp(id, known) == 0; };
    if (is(STIPEND_HOST_LOG)) return &log_table;
    if (is(STIPEND_HOST_CLOCK)) return &clock_table;
    if (is(STIPEND_HOST_TIMER)) return &timer_table;
    if (is(STIPEND_HOST_THREADS)) return &threads_table;
    const auto instance = HostTables::of(host);
    if (!instance) return nullptr;
    if (is(STIPEND_HOST_HTTP) && HostTables::services(*instance).http != nullptr) return &http_table;
    if (is(STIPEND_HOST_MAIL) && HostTables::services(*instance).http != nullptr) return &mail_table;
    if (is(STIPEND_HOST_KV) && HostTables::services(*instance).values != nullptr) return &values_table;
    if (is(STIPEND_HOST_METRICS) && HostTables::services(*instance).metrics != nullptr) return &metrics_table;
    if (is(STIPEND_HOST_ROUTES) && HostTables::services(*instance).routes != nullptr) return &routes_table;
    if (is(STIPEND_HOST_ALERTS) && HostTables::services(*instance).alerts != nullptr) return &alerts_table;
    if (is(STIPEND_HOST_SERVICES) && HostTables::services(*instance).watched != nullptr) return &services_table;
    // Only what sends jobs may reserve.
    if (is(STIPEND_HOST_FEES) && HostTables::has_budget(*instance)) return &fees_table;
    return nullptr;
}

void operation_done(const stipend_host* host, stipend_op op, stipend_status status, const void* record,
                    const stipend_error* error) {
    HostTables::done(host, op, status, record, error);
}

void observation_made(const stipend_host* host, stipend_op op, const stipend_observation* observation) {
    HostTables::seen(host, op, observation);
}

}  // namespace stipend::plugin
