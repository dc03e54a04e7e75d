#include "host/plugin/isolated/service_desk.hpp"

#include <string>
#include <vector>

#include "host/plugin/isolated/bits.hpp"
#include "host/plugin/isolated/record_wire.hpp"
#include "stipend/abi/fees.h"

namespace stipend::plugin::isolated {
namespace {

constexpr std::size_t max_waiting = 20'000;

stipend_status write_to_string(void* context, const void* data, std::uint64_t size) {
    static_cast<std::string*>(context)->append(static_cast<const char*>(data), size);
    return STIPEND_OK;
}

}  // namespace

// What the process waits for. Its address is the `user` of a callback of the host.
struct ServiceDesk::Waiting {
    ServiceDesk* desk;
    std::uint64_t number;
    Service service;
    stipend_op op = 0;  // guarded by the desk's mutex, as `over`
    bool over = false;  // its process is
};

ServiceDesk::ServiceDesk(const stipend_host* host, Send send) : host_(host), send_(std::move(send)) {}
ServiceDesk::~ServiceDesk() = default;

std::uint64_t ServiceDesk::offered() const {
    return bits_of(service_ids, [this](const char* id) { return host_->get_interface(host_, id) != nullptr; });
}

Result<void> ServiceDesk::took(const Frame& frame) {
    Reader in(frame.body);
    const auto service = in.one_of(Service::fee_reserve);
    if (frame.message == Message::tell) {
        take_told(service, in);
    } else {
        Writer out;
        const bool known =
            answer_plain(service, in, out) || answer_value(service, in, out) || answer_waiting(service, in, out);
        if (!known) return fail(STIPEND_E_INVALID, "got a question that there is no answer to");
        static_cast<void>(send_(Message::answer, frame.number, out));
    }
    if (!in.complete()) return fail(STIPEND_E_INVALID, "got a malformed question");
    return {};
}

bool ServiceDesk::answer_plain(Service service, Reader& in, Writer& out) const {
    if (service == Service::log_enabled) {
        const auto* log = table<stipend_host_log_v1>(STIPEND_HOST_LOG);
        out.number(log == nullptr ? std::int32_t{0} : log->enabled(host_, in.number<std::int32_t>()));
    } else if (service == Service::now) {
        const auto* clock = table<stipend_host_clock_v1>(STIPEND_HOST_CLOCK);
        out.number(clock == nullptr ? stipend_unix_ns{0} : clock->now(host_));
    } else if (service == Service::monotonic) {
        const auto* clock = table<stipend_host_clock_v1>(STIPEND_HOST_CLOCK);
        out.number(clock == nullptr ? stipend_mono_ns{0} : clock->monotonic(host_));
    } else if (service == Service::metric_define) {
        const auto* metrics = table<stipend_host_metrics_v1>(STIPEND_HOST_METRICS);
        const auto kind = in.number<std::int32_t>();
        const auto name = to_abi(in.text());
        const auto help = to_abi(in.text());
        out.number(metrics == nullptr ? std::uint64_t{0} : metrics->define(host_, kind, name, help));
    } else if (service == Service::alert_raise) {
        const auto* alerts = table<stipend_host_alerts_v1>(STIPEND_HOST_ALERTS);
        const auto id = to_abi(in.text());
        const auto severity = in.number<std::int32_t>();
        const auto text = to_abi(in.text());
        out.number(alerts == nullptr ? stipend_status{STIPEND_E_UNSUPPORTED}
                                     : alerts->raise(host_, id, severity, text));
    } else {
        return false;
    }
    return true;
}

bool ServiceDesk::answer_value(Service service, Reader& in, Writer& out) const {
    const auto* values = table<stipend_host_kv_v1>(STIPEND_HOST_KV);
    stipend_status status = STIPEND_E_UNSUPPORTED;
    if (service == Service::value_get) {
        const auto key = to_abi(in.text());
        std::string value;
        const stipend_sink sink{&value, &write_to_string};
        if (values != nullptr) status = values->get(host_, key, &sink);
        out.number(status).text(value);
        return true;
    }
    if (service == Service::value_put) {
        const auto key = to_abi(in.text());
        const auto value = bytes_to_abi(in.text());
        if (values != nullptr) status = values->put(host_, key, value);
    } else if (service == Service::value_erase) {
        const auto key = to_abi(in.text());
        if (values != nullptr) status = values->erase(host_, key);
    } else {
        return false;
    }
    out.number(status);
    return true;
}

// Questions that lead to a callback.
bool ServiceDesk::answer_waiting(Service service, Reader& in, Writer& out) {
    const bool known = service == Service::timer_after || service == Service::http_send ||
                       service == Service::mail_send || service == Service::fee_reserve;
    if (!known) return false;
    const auto number = in.number<std::uint64_t>();
    auto* waiting = expect(number, service);
    stipend_op op = 0;
    stipend_status status = STIPEND_E_LIMIT;
    if (service == Service::timer_after) {
        const auto* timer = table<stipend_host_timer_v1>(STIPEND_HOST_TIMER);
        const auto delay_ns = in.number<std::uint64_t>();
        if (waiting != nullptr && timer != nullptr) op = timer->after(host_, delay_ns, &timer_fired, waiting);
        status = op == 0 ? STIPEND_E_LIMIT : STIPEND_OK;
        out.number(static_cast<std::uint8_t>(op != 0));
    } else if (service == Service::http_send) {
        const auto* http = table<stipend_host_http_v1>(STIPEND_HOST_HTTP);
        const bool in_parts = in.number<std::uint8_t>() != 0;
        auto request = read_record<stipend_http_request>(in);
        if (waiting != nullptr && http != nullptr && in.good())
            status = http->send(host_, &request, in_parts ? &http_part : nullptr, &http_done, waiting, &op);
        out.number(status);
    } else if (service == Service::mail_send) {
        const auto* mail = table<stipend_host_mail_v1>(STIPEND_HOST_MAIL);
        const auto message = read_record<stipend_mail>(in);
        if (waiting != nullptr && mail != nullptr && in.good())
            status = mail->send(host_, &message, &mail_done, waiting, &op);
        out.number(status);
    } else {
        const auto* fees = table<stipend_host_fees_v1>(STIPEND_HOST_FEES);
        const auto job = to_abi(in.text());
        stipend_u256 wei{};
        in.raw(wei.be, sizeof wei.be);
        if (waiting != nullptr && fees != nullptr && in.good())
            status = fees->reserve(host_, job, &wei, &fee_answered, waiting);
        out.number(status);
    }
    if (waiting == nullptr) return true;
    status == STIPEND_OK ? begun(number, op) : forget(number);
    return true;
}

void ServiceDesk::take_told(Service service, Reader& in) {
    if (service == Service::log_write) {
        const auto* log = table<stipend_host_log_v1>(STIPEND_HOST_LOG);
        const auto level = in.number<std::int32_t>();
        const auto text = to_abi(in.text());
        if (log != nullptr && in.good()) log->write(host_, level, text);
    } else if (service == Service::metric_record) {
        const auto* metrics = table<stipend_host_metrics_v1>(STIPEND_HOST_METRICS);
        const auto metric = in.number<std::uint64_t>();
        const auto value = in.number<std::int64_t>();
        if (metrics != nullptr && in.good()) metrics->record(host_, metric, value);
    } else if (service == Service::alert_resolve) {
        const auto* alerts = table<stipend_host_alerts_v1>(STIPEND_HOST_ALERTS);
        const auto id = to_abi(in.text());
        if (alerts != nullptr && in.good()) alerts->resolve(host_, id);
    } else {
        cancel(in.number<std::uint64_t>(), service);
    }
}

ServiceDesk::Waiting* ServiceDesk::expect(std::uint64_t number, Service service) {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= max_waiting || waiting_.contains(number)) return nullptr;
    return waiting_.emplace(number, std::make_unique<Waiting>(this, number, service)).first->second.get();
}

// Its callback may have come already.
void ServiceDesk::begun(std::uint64_t number, stipend_op op) {
    const std::lock_guard lock(mutex_);
    if (const auto found = waiting_.find(number); found != waiting_.end()) found->second->op = op;
}

void ServiceDesk::forget(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    waiting_.erase(number);
}

void ServiceDesk::cancel(std::uint64_t number, Service service) {
    stipend_op op = 0;
    {
        const std::lock_guard lock(mutex_);
        const auto found = waiting_.find(number);
        if (found != waiting_.end()) op = found->second->op;
    }
    if (op == 0) return;
    if (service == Service::timer_cancel) {
        const auto* timer = table<stipend_host_timer_v1>(STIPEND_HOST_TIMER);
        if (timer != nullptr && timer->cancel(host_, op) != 0) forget(number);
    } else if (service == Service::http_cancel) {
        if (const auto* http = table<stipend_host_http_v1>(STIPEND_HOST_HTTP)) http->cancel(host_, op);
    } else if (service == Service::mail_cancel) {
        if (const auto* mail = table<stipend_host_mail_v1>(STIPEND_HOST_MAIL)) mail->cancel(host_, op);
    }
}

void ServiceDesk::ended() {
    std::vector<std::pair<std::uint64_t, Service>> left;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [number, waiting] : waiting_) {
            waiting->over = true;
            left.emplace_back(number, waiting->service);
        }
    }
    for (const auto& [number, service] : left) {
        if (service == Service::timer_after) cancel(number, Service::timer_cancel);
        if (service == Service::http_send) cancel(number, Service::http_cancel);
        if (service == Service::mail_send) cancel(number, Service::mail_cancel);
    }
}

bool ServiceDesk::take_waiting(const Waiting& waiting, bool is_last) {
    const std::lock_guard lock(mutex_);
    const bool over = waiting.over;
    if (is_last) waiting_.erase(waiting.number);
    return !over;
}

// Where the process is not there any more, nothing waits for it.
void ServiceDesk::send_event(std::uint64_t number, const Writer& body) const {
    static_cast<void>(send_(Message::event, number, body));
}

void ServiceDesk::timer_fired(void* user) {
    const auto& waiting = *static_cast<Waiting*>(user);
    auto& desk = *waiting.desk;
    const auto number = waiting.number;
    if (desk.take_waiting(waiting, true)) desk.send_event(number, Writer().number(Event::timer));
}

stipend_status ServiceDesk::http_part(void* user, const stipend_http_response* head, stipend_bytes part) {
    const auto& waiting = *static_cast<Waiting*>(user);
    auto& desk = *waiting.desk;
    if (!desk.take_waiting(waiting, false)) return STIPEND_E_CANCELLED;
    Writer out;
    out.number(Event::http_part);
    write_record(out, *head);
    out.text(part);
    const auto sent = desk.send_(Message::event, waiting.number, out);
    return sent ? STIPEND_OK : sent.error().status;
}

void ServiceDesk::http_done(void* user, stipend_status status, const stipend_http_response* response,
                            const stipend_error* error) {
    const auto& waiting = *static_cast<Waiting*>(user);
    auto& desk = *waiting.desk;
    const auto number = waiting.number;
    if (!desk.take_waiting(waiting, true)) return;
    Writer out;
    out.number(Event::http_done).error(status, error);
    write_record(out, *response);
    const auto sent = desk.send_(Message::event, number, out);
    if (sent || sent.error().status != STIPEND_E_LIMIT) return;
    // A response that no frame holds.
    auto raw = empty_error();
    auto without = *response;
    without.body = {};
    Writer instead;
    instead.number(Event::http_done).error(report(&raw, sent.error()), &raw);
    write_record(instead, without);
    desk.send_event(number, instead);
}

void ServiceDesk::mail_done(void* user, stipend_status status, std::int32_t code, const stipend_error* error) {
    const auto& waiting = *static_cast<Waiting*>(user);
    auto& desk = *waiting.desk;
    const auto number = waiting.number;
    if (!desk.take_waiting(waiting, true)) return;
    desk.send_event(number, Writer().number(Event::mail_done).error(status, error).number(code));
}

void ServiceDesk::fee_answered(void* user, stipend_status status, const stipend_error* error) {
    const auto& waiting = *static_cast<Waiting*>(user);
    auto& desk = *waiting.desk;
    const auto number = waiting.number;
    if (!desk.take_waiting(waiting, true)) return;
    desk.send_event(number, Writer().number(Event::fee_answer).error(status, error));
}

}  // namespace stipend::plugin::isolated
