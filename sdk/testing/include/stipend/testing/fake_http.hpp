// A scripted HTTP client. The test defines the replies to requests and their latencies:
//
//     host.http().expect("GET", "https://a/health", FakeReply::answer(200, "ok"));
//     host.http().serve([](const FakeRequest& request) { return FakeReply::hang(); });
//
// It follows the contract of the real client: `done` is called once, as [pool], never inside `send`; a reply after the
// timeout of the request is a timeout; a body beyond `max_response_bytes` is cut and fails with LIMIT.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "stipend/duration.hpp"
#include "stipend/host.hpp"
#include "stipend/testing/event_queue.hpp"

namespace stipend::testing {

struct FakeRequest {
    stipend_op op = 0;
    std::string method, url, headers, body, unix_socket, pin_sha256, ca_file, client_cert_file, client_key_file;
    std::uint32_t timeout_ms = 0;
    std::uint64_t max_response_bytes = 0;
    std::int32_t tls_mode = 0;
    std::uint32_t max_redirects = 0;
    std::uint32_t flags = 0;
    stipend_mono_ns sent_at = 0;

    // The value of the first header of that name, or nothing.
    [[nodiscard]] std::string header(std::string_view name) const {
        return std::string(find_header(headers, name).value_or(std::string_view()));
    }
};

struct FakeReply {
    stipend_status status = STIPEND_OK;
    std::string error;
    int http_status = 0;
    std::string headers;  // "name: value\r\n" lines, names in lower case
    std::string body;
    std::int32_t phase = STIPEND_HTTP_DONE;
    std::int64_t latency_ns = ns_per_ms;
    std::string peer = "192.0.2.1:443";
    stipend_unix_ns tls_not_after = 0;
    std::string tls_sha256;
    std::int32_t cause = STIPEND_HTTP_CAUSE_NONE;  // of a failure; NONE: what its phase suggests

    static FakeReply answer(int http_status, std::string body, std::string headers = {}) {
        FakeReply reply;
        reply.http_status = http_status;
        reply.headers = std::move(headers);
        reply.body = std::move(body);
        return reply;
    }
    // The exchange fails with that status in `phase`.
    static FakeReply failed(stipend_status status, std::int32_t phase, std::string error = "scripted failure") {
        FakeReply reply;
        reply.status = status;
        reply.phase = phase;
        reply.error = std::move(error);
        if (phase < STIPEND_HTTP_SENT) reply.peer.clear();
        return reply;
    }
    // No reply: the exchange ends by its timeout or a cancel.
    static FakeReply hang() {
        FakeReply reply;
        reply.phase = STIPEND_HTTP_SENT;
        reply.latency_ns = std::numeric_limits<std::int64_t>::max();
        return reply;
    }
    // A head, and a body in parts that the test sends by `FakeHttp::part`, until it calls `FakeHttp::end` or the
    // timeout of the request passes.
    static FakeReply stream() {
        auto reply = hang();
        reply.http_status = 200;
        reply.phase = STIPEND_HTTP_HEAD;
        return reply;
    }
    // With the server's certificate.
    [[nodiscard]] FakeReply under(std::string certificate_sha256) && {
        tls_sha256 = std::move(certificate_sha256);
        return std::move(*this);
    }
    [[nodiscard]] FakeReply because(std::int32_t http_cause) && {
        cause = http_cause;
        return std::move(*this);
    }
    // The cause that the response states.
    [[nodiscard]] std::int32_t stated_cause() const {
        if (status == STIPEND_OK || cause != STIPEND_HTTP_CAUSE_NONE) return cause;
        if (status != STIPEND_E_UNAVAILABLE) return STIPEND_HTTP_CAUSE_OTHER;
        switch (phase) {
            case STIPEND_HTTP_RESOLVE:
                return STIPEND_HTTP_CAUSE_RESOLVE;
            case STIPEND_HTTP_CONNECT:
                return STIPEND_HTTP_CAUSE_REFUSED;
            case STIPEND_HTTP_TLS:
                return STIPEND_HTTP_CAUSE_CERTIFICATE;
            default:
                return STIPEND_HTTP_CAUSE_RESET;
        }
    }
    [[nodiscard]] FakeReply after(std::int64_t ns) && {
        latency_ns = ns;
        return std::move(*this);
    }
};

class FakeHttp {
  public:
    using Handler = std::function<FakeReply(const FakeRequest&)>;
    using Fault = std::function<void(std::string)>;
    using Call = std::function<void(const std::function<void()>&)>;  // runs a callback of the plugin as [pool]

    FakeHttp(EventQueue& events, Fault fault, Call call)
        : events_(events), fault_(std::move(fault)), call_(std::move(call)) {}

    // Replies to the next request of that method and URL. Each expectation is used once, the oldest first.
    void expect(std::string method, std::string url, FakeReply reply) {
        expected_.push_back({std::move(method), std::move(url), std::move(reply)});
    }
    // Replies to requests without an expectation, which are faults otherwise.
    void serve(Handler handler) { handler_ = std::move(handler); }
    // From now on `send` itself returns `status`; STIPEND_OK resets that.
    void refuse(stipend_status status) { refusal_ = status; }

    // Every request so far, in order.
    [[nodiscard]] const std::vector<FakeRequest>& requests() const { return requests_; }
    [[nodiscard]] std::size_t under_way() const { return pending_.size(); }
    // Expectations without a request.
    [[nodiscard]] std::size_t unmet() const { return expected_.size(); }

    stipend_status send(const stipend_http_request& raw, stipend_http_chunk on_part, stipend_http_done done, void* user,
                        stipend_op* out) {
        *out = 0;
        if (refusal_ != STIPEND_OK) return refusal_;
        if (raw.timeout_ms == 0 || view(raw.url).empty()) return STIPEND_E_INVALID;
        auto request = copy(raw);
        auto reply = reply_to(request);
        const auto timeout_ns = std::int64_t{raw.timeout_ms} * ns_per_ms;
        if (reply.latency_ns > timeout_ns) {
            reply.status = STIPEND_E_TIMEOUT;
            reply.error = cat("no end within ", raw.timeout_ms, " ms");
            if (reply.phase != STIPEND_HTTP_HEAD) {
                reply.phase = std::min<std::int32_t>(reply.phase, STIPEND_HTTP_SENT);
                reply.http_status = 0;
            }
            reply.latency_ns = timeout_ns;
        }
        *out = request.op;
        const auto event = events_.add(reply.latency_ns, [this, op = request.op] { finish(op); });
        pending_.emplace(request.op, Pending{std::move(reply), on_part, done, user, event, request.max_response_bytes});
        requests_.push_back(std::move(request));
        return STIPEND_OK;
    }
    void cancel(stipend_op op) { end(op, FakeReply::failed(STIPEND_E_CANCELLED, STIPEND_HTTP_SENT, "cancelled")); }
    // Sends a part of a streamed body now. False: the exchange is over, or the plugin rejected the part, which ends the
    // exchange.
    bool part(stipend_op op, std::string_view bytes) {
        const auto found = pending_.find(op);
        if (found == pending_.end() || found->second.on_part == nullptr) return false;
        auto head = make_record<stipend_http_response>();
        head.http_status = found->second.reply.http_status;
        head.phase = STIPEND_HTTP_HEAD;
        const auto on_part = found->second.on_part;
        auto* user = found->second.user;
        stipend_status status = STIPEND_OK;
        call_([&] { status = on_part(user, &head, bytes_to_abi(bytes)); });
        if (status == STIPEND_OK) return true;
        end(op, FakeReply::failed(status, STIPEND_HTTP_HEAD, "the plugin ended the transfer"));
        return false;
    }
    // Ends a streamed exchange with `reply`; its body was sent in parts before.
    void end(stipend_op op, FakeReply reply) {
        const auto found = pending_.find(op);
        if (found == pending_.end() || !events_.cancel(found->second.event)) return;
        found->second.reply = std::move(reply);
        found->second.event = events_.add(0, [this, op] { finish(op); });
    }
    void cancel_all() {
        std::vector<stipend_op> ops;
        for (const auto& [op, pending] : pending_) ops.push_back(op);
        for (const auto op : ops) cancel(op);
    }

  private:
    struct Expected {
        std::string method, url;
        FakeReply reply;
    };
    struct Pending {
        FakeReply reply;
        stipend_http_chunk on_part;
        stipend_http_done done;
        void* user;
        std::uint64_t event;
        std::uint64_t max_response_bytes;
    };

    FakeRequest copy(const stipend_http_request& raw) {
        FakeRequest request;
        request.op = ++last_op_;
        request.method = view(raw.method);
        request.url = view(raw.url);
        request.headers = view(raw.headers);
        request.body = view(raw.body);
        request.unix_socket = view(raw.unix_socket);
        request.pin_sha256 = view(raw.pin_sha256);
        request.ca_file = view(raw.ca_file);
        request.client_cert_file = view(raw.client_cert_file);
        request.client_key_file = view(raw.client_key_file);
        request.timeout_ms = raw.timeout_ms;
        request.max_response_bytes = raw.max_response_bytes;
        request.tls_mode = raw.tls_mode;
        request.max_redirects = raw.max_redirects;
        request.flags = raw.flags;
        request.sent_at = events_.monotonic();
        return request;
    }
    FakeReply reply_to(const FakeRequest& request) {
        for (auto at = expected_.begin(); at != expected_.end(); ++at) {
            if (at->method != request.method || at->url != request.url) continue;
            auto reply = std::move(at->reply);
            expected_.erase(at);
            return reply;
        }
        if (handler_) return handler_(request);
        fault_(cat("unexpected request: ", request.method, " ", request.url));
        return FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_CONNECT, "nothing was scripted");
    }
    void finish(stipend_op op) {
        auto node = pending_.extract(op);
        auto& pending = node.mapped();
        auto& reply = pending.reply;
        const auto most = pending.max_response_bytes;
        auto raw = make_record<stipend_http_response>();
        auto error = empty_error();
        if (reply.body.size() > most) {
            reply.body.resize(static_cast<std::size_t>(most));
            reply.status = STIPEND_E_LIMIT;
            reply.error = cat("response body too large: got more than ", most, " bytes");
            reply.phase = STIPEND_HTTP_HEAD;
        }
        raw.http_status = reply.http_status;
        raw.headers = to_abi(reply.headers);
        raw.peer = to_abi(reply.peer);
        raw.phase = reply.phase;
        raw.cause = reply.stated_cause();
        raw.tls_sha256 = to_abi(reply.tls_sha256);
        raw.tls_not_after = reply.tls_not_after;
        raw.connect_ns = reply.phase > STIPEND_HTTP_TLS ? 1 : 0;
        raw.first_byte_ns = reply.http_status != 0 ? reply.latency_ns : 0;
        raw.total_ns = reply.latency_ns;
        call_([&] {
            if (pending.on_part != nullptr && !reply.body.empty()) {
                const auto status = pending.on_part(pending.user, &raw, bytes_to_abi(reply.body));
                if (reply.status == STIPEND_OK && status != STIPEND_OK) reply.status = status;
            } else {
                raw.body = bytes_to_abi(reply.body);
            }
            if (reply.status != STIPEND_OK) report(&error, fail(reply.status, reply.error));
            pending.done(pending.user, reply.status, &raw, &error);
        });
    }

    EventQueue& events_;
    Fault fault_;
    Call call_;
    Handler handler_;
    std::deque<Expected> expected_;
    std::map<stipend_op, Pending> pending_;
    std::vector<FakeRequest> requests_;
    stipend_op last_op_ = 1'000'000;
    stipend_status refusal_ = STIPEND_OK;
};

}  // namespace stipend::testing
