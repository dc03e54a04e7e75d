#include "host/plugin/trial/scripted.hpp"

#include <algorithm>

namespace stipend::plugin {
namespace {

constexpr std::uint64_t most_body_bytes = 1u << 20;
constexpr std::size_t deep_levels = 5'000;

Exchange failed(stipend_status status, std::string message, std::int32_t phase, std::int32_t cause) {
    return {.status = status, .message = std::move(message), .phase = phase, .cause = cause};
}

Exchange answered(std::int32_t http_status, std::string_view type, std::string body) {
    return {.http_status = http_status,
            .headers = "content-type: " + std::string(type) + "\r\n",
            .body = std::move(body),
            .phase = STIPEND_HTTP_DONE};
}

}  // namespace

std::string_view name_of(Answers answers) {
    constexpr std::array<std::string_view, all_answers.size()> names{
        "no network",       "refused",       "a time-out", "status 500",      "HTML",
        "an empty body",    "the object {}", "null",       "a deep document", "a huge body",
        "a truncated body", "a slow answer"};
    return names[static_cast<std::size_t>(answers)];
}

Exchange exchange_of(Answers answers, std::uint32_t timeout_ms, std::uint64_t max_response_bytes) {
    const auto timeout_ns = std::int64_t{timeout_ms} * 1'000'000;
    switch (answers) {
        case Answers::no_network:
            break;
        case Answers::refused:
            return failed(STIPEND_E_UNAVAILABLE, "connection refused", STIPEND_HTTP_CONNECT,
                          STIPEND_HTTP_CAUSE_REFUSED);
        case Answers::times_out: {
            auto out = failed(STIPEND_E_TIMEOUT, "no answer in time", STIPEND_HTTP_SENT, STIPEND_HTTP_CAUSE_OTHER);
            out.delay_ns = timeout_ns;
            return out;
        }
        case Answers::status_500:
            return answered(500, "text/plain", "internal server error");
        case Answers::html:
            return answered(200, "text/html", "<!DOCTYPE html><html><body>Welcome to <b>nginx</b>!</body></html>");
        case Answers::empty:
            return answered(200, "application/json", "");
        case Answers::object:
            return answered(200, "application/json", "{}");
        case Answers::null:
            return answered(200, "application/json", "null");
        case Answers::deep:
            return answered(200, "application/json", std::string(deep_levels, '['));
        case Answers::huge: {
            auto out = answered(200, "application/json", {});
            out.body.assign(static_cast<std::size_t>(std::min(max_response_bytes, most_body_bytes)), '7');
            if (max_response_bytes > most_body_bytes) return out;
            out.status = STIPEND_E_LIMIT;
            out.message = "the response is longer than it may be";
            out.cause = STIPEND_HTTP_CAUSE_OTHER;
            return out;
        }
        case Answers::truncated: {
            auto out = answered(200, "application/json", R"({"result":{"nonce":"0x1","price")");
            out.status = STIPEND_E_UNAVAILABLE;
            out.message = "the connection was closed before the response was complete";
            out.phase = STIPEND_HTTP_HEAD;
            out.cause = STIPEND_HTTP_CAUSE_RESET;
            return out;
        }
        case Answers::slow: {
            auto out = answered(200, "application/json", "{}");
            out.delay_ns = std::max<std::int64_t>(timeout_ns - 1'000'000, 1);
            return out;
        }
    }
    return failed(STIPEND_E_UNAVAILABLE, "the probe has no network", STIPEND_HTTP_RESOLVE, STIPEND_HTTP_CAUSE_LOCAL);
}

}  // namespace stipend::plugin
