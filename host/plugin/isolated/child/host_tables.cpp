// The tables of the host's services in the process of a plugin: each call becomes a question to the host, or a frame.
#include <cstring>

#include "host/plugin/isolated/bits.hpp"
#include "host/plugin/isolated/child/session.hpp"
#include "host/plugin/isolated/record_wire.hpp"
#include "stipend/abi/entry.h"
#include "stipend/version.h"

namespace stipend::plugin::isolated {
namespace {

thread_local bool control_thread = false;
thread_local bool pool_thread = false;

Session& session() {
    return Session::get();
}

// A question that is answered with one number.
template <class T>
T ask_number(Service service, const Writer& arguments) {
    return Reader(session().ask(service, arguments)).number<T>();
}

std::int32_t log_enabled(const stipend_host*, std::int32_t level) {
    return ask_number<std::int32_t>(Service::log_enabled, Writer().number(level));
}
void log_write(const stipend_host*, std::int32_t level, stipend_str message) {
    session().tell(Service::log_write, Writer().number(level).text(message));
}

stipend_unix_ns now(const stipend_host*) {
    return ask_number<stipend_unix_ns>(Service::now, {});
}
stipend_mono_ns monotonic(const stipend_host*) {
    return ask_number<stipend_mono_ns>(Service::monotonic, {});
}

std::uint64_t metric_define(const stipend_host*, std::int32_t kind, stipend_str name, stipend_str help) {
    return ask_number<std::uint64_t>(Service::metric_define, Writer().number(kind).text(name).text(help));
}
void metric_record(const stipend_host*, std::uint64_t metric, std::int64_t value) {
    session().tell(Service::metric_record, Writer().number(metric).number(value));
}

stipend_status value_get(const stipend_host*, stipend_str key, const stipend_sink* out) {
    const auto answer = session().ask(Service::value_get, Writer().text(key));
    Reader body(answer);
    const auto status = body.number<stipend_status>();
    if (status != STIPEND_OK) return status;
    const auto value = body.text();
    return out->write(out->ctx, value.data(), value.size());
}
stipend_status value_put(const stipend_host*, stipend_str key, stipend_bytes value) {
    return ask_number<stipend_status>(Service::value_put, Writer().text(key).text(value));
}
stipend_status value_erase(const stipend_host*, stipend_str key) {
    return ask_number<stipend_status>(Service::value_erase, Writer().text(key));
}

stipend_op timer_after(const stipend_host*, std::uint64_t delay_ns, stipend_timer_fired callback, void* user) {
    const auto number = session().expect([callback, user](std::uint64_t, Event, Reader&) { callback(user); });
    if (ask_number<std::uint8_t>(Service::timer_after, Writer().number(number).number(delay_ns)) != 0) return number;
    session().forget(number);
    return 0;
}
std::int32_t timer_cancel(const stipend_host*, stipend_op op) {
    if (!session().forget(op)) return 0;
    session().tell(Service::timer_cancel, Writer().number(op));
    return 1;
}

stipend_status alert_raise(const stipend_host*, stipend_str id, std::int32_t severity, stipend_str text) {
    return ask_number<stipend_status>(Service::alert_raise, Writer().text(id).number(severity).text(text));
}
void alert_resolve(const stipend_host*, stipend_str id) {
    session().tell(Service::alert_resolve, Writer().text(id));
}

std::int32_t on_control(const stipend_host*) {
    return control_thread ? 1 : 0;
}
std::int32_t on_pool(const stipend_host*) {
    return pool_thread ? 1 : 0;
}

void http_cancel(const stipend_host*, stipend_op op) {
    session().tell(Service::http_cancel, Writer().number(op));
}
stipend_status http_send(const stipend_host*, const stipend_http_request* request, stipend_http_chunk on_part,
                         stipend_http_done done, void* user, stipend_op* out) {
    *out = 0;
    if (request->size < sizeof *request) return STIPEND_E_INVALID;
    const auto number = session().expect([=](std::uint64_t own, Event event, Reader& body) {
        if (event == Event::http_part) {
            const auto head = read_record<stipend_http_response>(body);
            // Parts that are on their way still come.
            if (on_part != nullptr && on_part(user, &head, body.given_bytes()) != STIPEND_OK)
                session().tell(Service::http_cancel, Writer().number(own));
            return;
        }
        stipend_error error{};
        const auto status = body.error(error);
        const auto response = read_record<stipend_http_response>(body);
        done(user, status, &response, &error);
    });
    Writer arguments;
    arguments.number(number).number(static_cast<std::uint8_t>(on_part != nullptr));
    write_record(arguments, *request);
    const auto status = ask_number<stipend_status>(Service::http_send, arguments);
    if (status == STIPEND_OK) {
        *out = number;
    } else {
        session().forget(number);
    }
    return status;
}

void mail_cancel(const stipend_host*, stipend_op op) {
    session().tell(Service::mail_cancel, Writer().number(op));
}
stipend_status mail_send(const stipend_host*, const stipend_mail* mail, stipend_mail_done done, void* user,
                         stipend_op* out) {
    *out = 0;
    if (mail->size < sizeof *mail) return STIPEND_E_INVALID;
    const auto number = session().expect([done, user](std::uint64_t, Event, Reader& body) {
        stipend_error error{};
        const auto status = body.error(error);
        done(user, status, body.number<std::int32_t>(), &error);
    });
    Writer arguments;
    arguments.number(number);
    write_record(arguments, *mail);
    const auto status = ask_number<stipend_status>(Service::mail_send, arguments);
    if (status == STIPEND_OK) {
        *out = number;
    } else {
        session().forget(number);
    }
    return status;
}

stipend_status fee_reserve(const stipend_host*, stipend_str job_id, const stipend_u256* wei, stipend_fee_answer answer,
                           void* user) {
    if (answer == nullptr) return STIPEND_E_INVALID;
    const auto number = session().expect([answer, user](std::uint64_t, Event, Reader& body) {
        stipend_error error{};
        const auto status = body.error(error);
        answer(user, status, &error);
    });
    Writer arguments;
    arguments.number(number).text(job_id).raw(wei->be, sizeof wei->be);
    const auto status = ask_number<stipend_status>(Service::fee_reserve, arguments);
    if (status != STIPEND_OK) session().forget(number);
    return status;
}

constexpr stipend_host_log_v1 log_table{&log_enabled, &log_write};
constexpr stipend_host_clock_v1 clock_table{&now, &monotonic};
constexpr stipend_host_metrics_v1 metrics_table{&metric_define, &metric_record};
constexpr stipend_host_kv_v1 values_table{&value_get, &value_put, &value_erase};
constexpr stipend_host_timer_v1 timer_table{&timer_after, &timer_cancel};
constexpr stipend_host_alerts_v1 alerts_table{&alert_raise, &alert_resolve};
constexpr stipend_host_threads_v1 threads_table{&on_control, &on_pool};
constexpr stipend_host_http_v1 http_table{&http_send, &http_cancel};
constexpr stipend_host_mail_v1 mail_table{&mail_send, &mail_cancel};
constexpr stipend_host_fees_v1 fees_table{&fee_reserve};

const void* get_interface(const stipend_host*, const char* id) {
    const auto is = [id](const char* known) { return std::strcmp(id, known) == 0; };
    if (is(STIPEND_HOST_THREADS)) return &threads_table;
    if (!session().offers(id)) return nullptr;
    if (is(STIPEND_HOST_LOG)) return &log_table;
    if (is(STIPEND_HOST_CLOCK)) return &clock_table;
    if (is(STIPEND_HOST_METRICS)) return &metrics_table;
    if (is(STIPEND_HOST_KV)) return &values_table;
    if (is(STIPEND_HOST_TIMER)) return &timer_table;
    if (is(STIPEND_HOST_ALERTS)) return &alerts_table;
    if (is(STIPEND_HOST_HTTP)) return &http_table;
    if (is(STIPEND_HOST_MAIL)) return &mail_table;
    if (is(STIPEND_HOST_FEES)) return &fees_table;
    return nullptr;
}

}  // namespace

const stipend_host& host_of_plugin() {
    static const stipend_host host{sizeof(stipend_host), STIPEND_ABI_MINOR, nullptr, "stipend",
                                   STIPEND_VERSION,      &get_interface};
    return host;
}

void mark_thread(bool control, bool pool) {
    control_thread = control;
    pool_thread = pool;
}

}  // namespace stipend::plugin::isolated
