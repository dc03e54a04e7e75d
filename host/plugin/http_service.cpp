// The host's HTTP client as plugin instances use it: requests are sent for them, and results reach them on their
// strand.
#include <utility>

#include "host/plugin/call.hpp"
#include "host/plugin/instance.hpp"
#include "host/plugin/part_stream.hpp"

namespace stipend::plugin {
namespace {

Result<http::HttpRequest> request_of(const stipend_http_request& request) {
    if (request.tls_mode < STIPEND_TLS_VERIFY || request.tls_mode > STIPEND_TLS_NONE) {
        return fail(STIPEND_E_INVALID, "bad TLS mode: got ", request.tls_mode);
    }
    http::HttpRequest out;
    out.method = view(request.method);
    out.url = view(request.url);
    out.headers = view(request.headers);
    out.body = view(request.body);
    out.unix_socket = view(request.unix_socket);
    out.pin_sha256 = view(request.pin_sha256);
    out.ca_file = view(request.ca_file);
    out.client_cert_file = view(request.client_cert_file);
    out.client_key_file = view(request.client_key_file);
    out.timeout_ms = request.timeout_ms;
    out.max_response_bytes = request.max_response_bytes;
    out.max_redirects = request.max_redirects;
    out.tls = static_cast<http::TlsMode>(request.tls_mode);
    out.connect_only = (request.flags & STIPEND_HTTP_CONNECT_ONLY) != 0;
    out.untrusted_target = (request.flags & STIPEND_HTTP_UNTRUSTED_TARGET) != 0;
    out.public_target = (request.flags & STIPEND_HTTP_PUBLIC_TARGET) != 0;
    return out;
}

stipend_http_response response_of(const http::HttpResponse& from, std::string_view body) {
    auto out = make_record<stipend_http_response>();
    out.http_status = from.status;
    out.headers = to_abi(from.headers);
    out.peer = to_abi(from.peer);
    out.body = bytes_to_abi(body);
    out.phase = static_cast<std::int32_t>(from.phase);
    out.cause = static_cast<std::int32_t>(from.cause);
    out.tls_not_after = from.tls_not_after;
    out.connect_ns = from.connect_ns;
    out.first_byte_ns = from.first_byte_ns;
    out.total_ns = from.total_ns;
    out.tls_sha256 = to_abi(from.tls_sha256);
    return out;
}

}  // namespace

stipend_status Instance::http_send(const stipend_http_request& raw, stipend_http_chunk on_part, stipend_http_done done,
                                   void* user, stipend_op* out) {
    auto request = request_of(raw);
    if (!request) return request.error().status;
    http::HttpCallbacks callbacks;
    const auto self = shared_from_this();
    std::shared_ptr<PartStream> parts;
    if (on_part != nullptr) {
        parts = std::make_shared<PartStream>(
            strand_,
            [self, on_part, user](const http::HttpResponse& head, std::string_view part) {
                const auto record = response_of(head, {});
                const std::lock_guard lock(self->calls_);
                const CallScope scope(&self->owner_, "an exchange's callback");
                if (self->raw_ == nullptr) return static_cast<stipend_status>(STIPEND_E_CANCELLED);
                return on_part(user, &record, bytes_to_abi(part));
            },
            *services_.http);
        callbacks.on_part = [parts](const http::HttpResponse& head, std::string_view part) {
            return parts->take(head, part);
        };
    }
    const auto pass_on = [done, user](stipend_status status, const http::HttpResponse& response,
                                      const stipend_error& error) {
        const auto record = response_of(response, response.body);
        done(user, status, &record, &error);
    };
    return begin_exchange(std::move(*request), {std::move(callbacks), parts}, pass_on, out);
}

stipend_status Instance::begin_exchange(http::HttpRequest request, Streamed streamed, ExchangeDone done,
                                        stipend_op* out) {
    auto& [callbacks, parts] = streamed;
    callbacks.on_done = [self = shared_from_this(), parts = parts, done = std::move(done)](
                            std::uint64_t op, Result<void>&& result, http::HttpResponse&& response) {
        self->strand_->post(
            [self, parts, done, op, result = std::move(result), response = std::move(response)]() mutable {
                if (parts) result = parts->outcome(std::move(result));
                self->exchange_done(op, result, response, done);
            });
    };
    // Counted before it starts: it may be over before `send` returns.
    const std::lock_guard lock(mutex_);
    const auto op = services_.http->send(std::move(request), std::move(callbacks));
    if (!op) return op.error().status;
    exchanges_.insert(*op);
    *out = *op;
    if (parts) parts->begun(*op);
    return STIPEND_OK;
}

void Instance::exchange_done(std::uint64_t op, const Result<void>& result, const http::HttpResponse& response,
                             const ExchangeDone& done) {
    auto error = empty_error();
    const auto status = result ? STIPEND_OK : report(&error, result.error());
    {
        const std::lock_guard lock(calls_);  // as for every call of the plugin
        const CallScope scope(&owner_, "an exchange's callback");
        if (raw_ != nullptr) done(status, response, error);
    }
    {
        const std::lock_guard lock(mutex_);
        exchanges_.erase(op);
    }
    report_if_idle();
}

}  // namespace stipend::plugin
