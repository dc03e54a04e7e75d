// The services of the host in C++. A Host is a cheap handle; its copies are equivalent.
#pragma once

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "stipend/abi/fees.h"
#include "stipend/abi/http.h"
#include "stipend/abi/mail.h"
#include "stipend/headers.hpp"
#include "stipend/record.hpp"
#include "stipend/result.hpp"
#include "stipend/services.hpp"
#include "stipend/unique_function.hpp"

namespace stipend {

// The result of an exchange. The views are valid until the callback returns.
struct HttpReply {
    stipend_status status;
    const stipend_http_response* response;
    std::string error;

    [[nodiscard]] int http_status() const { return response->http_status; }
    [[nodiscard]] std::int32_t phase() const { return response->phase; }
    [[nodiscard]] std::int32_t cause() const { return response->cause; }
    [[nodiscard]] std::string_view body() const { return view(response->body); }
    // The value of the first header of that name, or nothing.
    [[nodiscard]] std::string_view header(std::string_view name) const {
        return find_header(view(response->headers), name).value_or(std::string_view());
    }
};

struct HttpRequest {
    std::string_view method = "GET";
    std::string_view url;
    std::string_view headers;
    std::string_view body;
    std::uint32_t timeout_ms = 10'000;
    std::uint64_t max_response_bytes = 1 << 20;
    std::string_view unix_socket;
    std::string_view pin_sha256;
    std::int32_t tls_mode = STIPEND_TLS_VERIFY;
    std::uint32_t flags = 0;
    std::string_view ca_file;
    std::string_view client_cert_file;
    std::string_view client_key_file;
    std::uint32_t max_redirects = 0;
};

// An e-mail: see abi/mail.h.
struct Mail {
    std::string_view server;
    std::string_view user;
    std::string_view password;
    std::string_view from;
    std::string_view to;  // separated by commas
    std::string_view message;
    std::string_view ca_file;
    std::uint32_t timeout_ms = 30'000;
    std::uint32_t flags = 0;
};

class Host {
  public:
    using MailDone = UniqueFunction<void(const Result<void>&, std::int32_t code)>;
    using FeeAnswer = UniqueFunction<void(const Result<void>&)>;
    using HttpDone = UniqueFunction<void(const HttpReply&)>;
    using HttpPart = UniqueFunction<bool(const stipend_http_response&, std::string_view)>;  // false ends the transfer

    Host() = default;
    explicit Host(const stipend_host* raw) : raw_(raw) {}
    [[nodiscard]] const stipend_host* raw() const { return raw_; }

    // The table of a service, or NULL.
    template <class Table>
    [[nodiscard]] const Table* service(const char* id) const {
        return raw_ == nullptr ? nullptr : static_cast<const Table*>(raw_->get_interface(raw_, id));
    }

    // One line in the host's log. [any]
    void log(std::int32_t level, std::string_view message) const {
        const auto* table = service<stipend_host_log_v1>(STIPEND_HOST_LOG);
        if (table != nullptr && table->enabled(raw_, level) != 0) table->write(raw_, level, to_abi(message));
    }
    // [any] 0: this host has no clock.
    [[nodiscard]] stipend_unix_ns now() const {
        const auto* table = service<stipend_host_clock_v1>(STIPEND_HOST_CLOCK);
        return table == nullptr ? 0 : table->now(raw_);
    }
    [[nodiscard]] stipend_mono_ns monotonic() const {
        const auto* table = service<stipend_host_clock_v1>(STIPEND_HOST_CLOCK);
        return table == nullptr ? 0 : table->monotonic(raw_);
    }

    // Starts an exchange; `done` is called once, on [pool], after this function returned. [any]
    [[nodiscard]] Result<stipend_op> http(const HttpRequest& request, HttpDone done, HttpPart part = {}) const {
        const auto* table = service<stipend_host_http_v1>(STIPEND_HOST_HTTP);
        if (table == nullptr) return fail(STIPEND_E_UNSUPPORTED, "this host offers no HTTP client");
        auto call = std::make_unique<HttpCall>(HttpCall{std::move(done), std::move(part), raw_});
        auto raw = make_record<stipend_http_request>();
        raw.timeout_ms = request.timeout_ms;
        raw.method = to_abi(request.method);
        raw.url = to_abi(request.url);
        raw.headers = to_abi(request.headers);
        raw.body = bytes_to_abi(request.body);
        raw.max_response_bytes = request.max_response_bytes;
        raw.unix_socket = to_abi(request.unix_socket);
        raw.pin_sha256 = to_abi(request.pin_sha256);
        raw.tls_mode = request.tls_mode;
        raw.flags = request.flags;
        raw.max_redirects = request.max_redirects;
        raw.ca_file = to_abi(request.ca_file);
        raw.client_cert_file = to_abi(request.client_cert_file);
        raw.client_key_file = to_abi(request.client_key_file);
        stipend_op op = 0;
        const auto status =
            table->send(raw_, &raw, call->part ? &HttpCall::on_part : nullptr, &HttpCall::on_done, call.get(), &op);
        if (status != STIPEND_OK) return fail(status, "HTTP request refused: ", request.url, ": status ", status);
        static_cast<void>(call.release());  // on_done frees it
        return op;
    }
    // Runs `work` soon on [pool], after the present call returned. False: the host accepts no work. [any]
    [[nodiscard]] bool post(UniqueFunction<void()> work) const {
        const auto* table = service<stipend_host_timer_v1>(STIPEND_HOST_TIMER);
        if (table == nullptr) return false;
        auto call = std::make_unique<Posted>(Posted{std::move(work), raw_});
        if (table->after(raw_, 0, &run_posted, call.get()) == 0) return false;
        static_cast<void>(call.release());  // run_posted frees it
        return true;
    }
    void cancel_http(stipend_op op) const {
        if (const auto* table = service<stipend_host_http_v1>(STIPEND_HOST_HTTP)) table->cancel(raw_, op);
    }

    // Starts sending; `done` is called once, on [pool], after this function returned. [any]
    [[nodiscard]] Result<stipend_op> mail(const Mail& mail, MailDone done) const {
        const auto* table = service<stipend_host_mail_v1>(STIPEND_HOST_MAIL);
        if (table == nullptr) return fail(STIPEND_E_UNSUPPORTED, "this host sends no e-mail");
        auto call = std::make_unique<MailCall>(MailCall{std::move(done), raw_});
        auto raw = make_record<stipend_mail>();
        raw.timeout_ms = mail.timeout_ms;
        raw.server = to_abi(mail.server);
        raw.user = to_abi(mail.user);
        raw.password = to_abi(mail.password);
        raw.from = to_abi(mail.from);
        raw.to = to_abi(mail.to);
        raw.message = bytes_to_abi(mail.message);
        raw.ca_file = to_abi(mail.ca_file);
        raw.flags = mail.flags;
        stipend_op op = 0;
        const auto status = table->send(raw_, &raw, &MailCall::on_done, call.get(), &op);
        if (status != STIPEND_OK) return fail(status, "e-mail refused: status ", status);
        static_cast<void>(call.release());  // on_done frees it
        return op;
    }
    void cancel_mail(stipend_op op) const {
        if (const auto* table = service<stipend_host_mail_v1>(STIPEND_HOST_MAIL)) table->cancel(raw_, op);
    }

    // Durable values of this instance. [pool]
    [[nodiscard]] Result<std::string> kv_get(std::string_view key) const {
        const auto* table = service<stipend_host_kv_v1>(STIPEND_HOST_KV);
        if (table == nullptr) return fail(STIPEND_E_UNSUPPORTED, "this host keeps no values");
        std::string out;
        const auto sink = into(out);
        const auto status = table->get(raw_, to_abi(key), &sink);
        if (status != STIPEND_OK) return fail(status, "no value: ", key);
        return out;
    }
    [[nodiscard]] Result<void> kv_put(std::string_view key, std::string_view value) const {
        const auto* table = service<stipend_host_kv_v1>(STIPEND_HOST_KV);
        if (table == nullptr) return fail(STIPEND_E_UNSUPPORTED, "this host keeps no values");
        const auto status = table->put(raw_, to_abi(key), bytes_to_abi(value));
        if (status != STIPEND_OK) return fail(status, "value not kept: ", key);
        return {};
    }

    [[nodiscard]] Result<void> kv_erase(std::string_view key) const {
        const auto* table = service<stipend_host_kv_v1>(STIPEND_HOST_KV);
        if (table == nullptr) return fail(STIPEND_E_UNSUPPORTED, "this host keeps no values");
        const auto status = table->erase(raw_, to_abi(key));
        if (status != STIPEND_OK) return fail(status, "value not removed: ", key);
        return {};
    }

    // Raises an alert; `id` is the same while the same thing is wrong. A host without alerts logs it. [any]
    void raise_alert(std::string_view id, std::int32_t severity, std::string_view text) const {
        const auto* table = service<stipend_host_alerts_v1>(STIPEND_HOST_ALERTS);
        if (table != nullptr && table->raise(raw_, to_abi(id), severity, to_abi(text)) == STIPEND_OK) return;
        log(STIPEND_LOG_ERROR, text);
    }
    void resolve_alert(std::string_view id) const {
        const auto* table = service<stipend_host_alerts_v1>(STIPEND_HOST_ALERTS);
        if (table != nullptr) table->resolve(raw_, to_abi(id));
    }

    // Reserves the most that a job may cost; `answer` is called once, on [pool], and the job is sent only if it is OK.
    // [any] UNSUPPORTED: this host keeps no budget.
    [[nodiscard]] Result<void> reserve_fee(std::string_view job_id, const stipend_u256& wei, FeeAnswer answer) const {
        const auto* table = service<stipend_host_fees_v1>(STIPEND_HOST_FEES);
        if (table == nullptr) return fail(STIPEND_E_UNSUPPORTED, "this host keeps no budget for fees");
        auto call = std::make_unique<FeeCall>(FeeCall{std::move(answer), raw_});
        const auto status = table->reserve(raw_, to_abi(job_id), &wei, &FeeCall::on_answer, call.get());
        if (status != STIPEND_OK) return fail(status, "reservation refused: status ", status);
        static_cast<void>(call.release());  // on_answer frees it
        return {};
    }

    // What the host observed of its services in the last `window_s` seconds. [pool]
    [[nodiscard]] Result<ServiceReport> services(std::uint32_t window_s) const {
        const auto* table = service<stipend_host_services_v1>(STIPEND_HOST_SERVICES);
        if (table == nullptr) return fail(STIPEND_E_UNSUPPORTED, "this host watches no services");
        ServiceReport out;
        const auto status = table->visit(
            raw_, window_s,
            [](void* user, const stipend_service_totals* totals, const stipend_service_record* records,
               std::uint64_t count, std::uint64_t stride) {
                stipend_service_totals scratch;
                *static_cast<ServiceReport*>(user) =
                    ServiceReport::of(detail::record_view(totals, scratch), records, count, stride);
            },
            &out);
        if (status != STIPEND_OK) return fail(status, "no report on the services: status ", status);
        return out;
    }

  private:
    friend class Timer;
    friend class Route;

    static stipend_sink into(std::string& out) {
        return {&out, [](void* ctx, const void* data, std::uint64_t length) -> stipend_status {
                    static_cast<std::string*>(ctx)->append(static_cast<const char*>(data), length);
                    return STIPEND_OK;
                }};
    }

    // A callback cannot return a status for its exception, so the exception is logged. The callback is destroyed; a
    // Completion in it then reports INTERNAL.
    void log_thrown(std::string_view where) const noexcept {
        try {
            log(STIPEND_LOG_ERROR, cat(where, " of the plugin threw: ", detail::thrown_text()));
        } catch (...) {
            std::fputs("stipend: a callback of a plugin threw, and there is no memory to log the reason\n", stderr);
        }
    }

    struct HttpCall {
        HttpDone done;
        HttpPart part;
        const stipend_host* host;
        static void on_done(void* user, stipend_status status, const stipend_http_response* response,
                            const stipend_error* error) {
            const std::unique_ptr<HttpCall> call(static_cast<HttpCall*>(user));
            try {
                call->done(HttpReply{status, response,
                                     status == STIPEND_OK ? std::string() : from_abi(status, error).message});
            } catch (...) {
                Host(call->host).log_thrown("an HTTP callback");
            }
        }
        static stipend_status on_part(void* user, const stipend_http_response* head, stipend_bytes part) {
            try {
                return static_cast<HttpCall*>(user)->part(*head, view(part)) ? STIPEND_OK : STIPEND_E_CANCELLED;
            } catch (...) {
                return STIPEND_E_EXCEPTION;
            }
        }
    };
    struct MailCall {
        MailDone done;
        const stipend_host* host;
        static void on_done(void* user, stipend_status status, std::int32_t code, const stipend_error* error) {
            const std::unique_ptr<MailCall> call(static_cast<MailCall*>(user));
            try {
                call->done(status == STIPEND_OK ? Result<void>() : Result<void>(from_abi(status, error)), code);
            } catch (...) {
                Host(call->host).log_thrown("the end of an e-mail");
            }
        }
    };
    struct FeeCall {
        FeeAnswer answer;
        const stipend_host* host;
        static void on_answer(void* user, stipend_status status, const stipend_error* error) {
            const std::unique_ptr<FeeCall> call(static_cast<FeeCall*>(user));
            try {
                call->answer(status == STIPEND_OK ? Result<void>() : Result<void>(from_abi(status, error)));
            } catch (...) {
                Host(call->host).log_thrown("the answer to a reservation");
            }
        }
    };
    struct Posted {
        UniqueFunction<void()> work;
        const stipend_host* host;
    };
    static void run_posted(void* user) {
        const std::unique_ptr<Posted> posted(static_cast<Posted*>(user));
        try {
            posted->work();
        } catch (...) {
            Host(posted->host).log_thrown("posted work");
        }
    }

    const stipend_host* raw_ = nullptr;
};

// Calls `work` once on [pool], unless the timer is destroyed before. Owned by the instance, used on [pool] or
// [control].
class Timer {
  public:
    // `armed()` is false if the host rejected the timer.
    Timer(Host host, std::int64_t delay_ns, UniqueFunction<void()> work)
        : host_(host), state_(std::make_unique<State>(State{std::move(work), host})) {
        if (const auto* table = host_.service<stipend_host_timer_v1>(STIPEND_HOST_TIMER)) {
            op_ = table->after(host_.raw(), static_cast<std::uint64_t>(std::max<std::int64_t>(delay_ns, 0)), &run,
                               state_.get());
        }
    }
    ~Timer() {
        if (op_ != 0) host_.service<stipend_host_timer_v1>(STIPEND_HOST_TIMER)->cancel(host_.raw(), op_);
    }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    [[nodiscard]] bool armed() const { return op_ != 0; }

  private:
    struct State {
        UniqueFunction<void()> work;
        Host host;
    };
    static void run(void* user) {
        // The work may destroy this timer and with it the function, so the function is moved out first.
        auto state = std::move(*static_cast<State*>(user));
        try {
            state.work();
        } catch (...) {
            state.host.log_thrown("a timer");
        }
    }

    Host host_;
    std::unique_ptr<State> state_;
    stipend_op op_ = 0;
};

// A metric of this instance, created in the plugin's constructor. On a host without metrics `record` does nothing.
class Metric {
  public:
    static Metric counter(Host host, std::string_view name, std::string_view help) {
        return {host, STIPEND_METRIC_COUNTER, name, help};
    }
    static Metric gauge(Host host, std::string_view name, std::string_view help) {
        return {host, STIPEND_METRIC_GAUGE, name, help};
    }
    // Adds to a counter, or sets a gauge. [any]
    void record(std::int64_t value) const {
        if (table_ != nullptr && id_ != 0) table_->record(host_.raw(), id_, value);
    }

  private:
    Metric(Host host, std::int32_t kind, std::string_view name, std::string_view help)
        : host_(host), table_(host.service<stipend_host_metrics_v1>(STIPEND_HOST_METRICS)) {
        if (table_ != nullptr) id_ = table_->define(host.raw(), kind, to_abi(name), to_abi(help));
    }

    Host host_;
    const stipend_host_metrics_v1* table_;
    std::uint64_t id_ = 0;
};

}  // namespace stipend
