#include "answer.hpp"

#include <algorithm>

#include "livepeer/uptime.hpp"
#include "livepeer/wire.hpp"
#include "stipend/money.hpp"

namespace byoc {

using stipend::fail;
using stipend::HttpReply;
using stipend::Result;
using stipend::view;

namespace {

constexpr std::size_t shown_of_body = 120;
constexpr std::size_t most_address = 2048;

// The gateway's credit with the orchestrator, if any.
std::string read_credit(std::string_view text) {
    const auto wei = stipend::Wei::parse(text);
    return wei && !wei->zero() ? wei->text() : std::string();
}

// Names the orchestrator that responded, and the configuration line that would accept its address.
Result<void> check_server(const std::string& served_by, const Expected& expected) {
    if (livepeer::same_address(served_by, expected.address)) return {};
    const auto& more = expected.service_addresses;
    if (std::any_of(more.begin(), more.end(), [&](const auto& one) { return livepeer::same_address(served_by, one); }))
        return {};
    const auto shown = livepeer::printable(livepeer::without_slash(served_by), 200);
    return fail(STIPEND_E_INVALID, "answered by ", shown, ", want ", livepeer::without_slash(expected.address),
                "; if that is its own name, add to its entry: service_addresses: [\"", shown, "\"]");
}

Result<livepeer::Uptime> check_answer(const HttpReply& reply, const Attempt& attempt, const Expected& expected) {
    const auto error = [](const auto&... parts) { return fail(STIPEND_E_INVALID, parts...); };
    if (reply.status != STIPEND_OK) {
        return error(attempt.http_status == 0 ? "no answer: " : "the answer broke off: ", reply.error);
    }
    if (attempt.http_status != 200) {
        return error("status ", attempt.http_status, ": \"", livepeer::printable(reply.body(), shown_of_body), "\"");
    }
    if (attempt.served_by.empty() && reply.body().empty()) {
        return error("status 200 with an empty body: every try of the gateway failed");
    }
    if (attempt.served_by.empty()) return error("status 200 without X-Orchestrator-Url: nobody answers for it");
    STIPEND_TRY(check_server(attempt.served_by, expected));
    if (reply.body().empty()) return error("status 200 with an empty body");
    if (expected.call) return livepeer::Uptime();
    // Evidence is verified with the worker's key only.
    return livepeer::read_uptime(reply.body(), !expected.evidence.public_key.empty());
}

}  // namespace

Attempt read_answer(const HttpReply& reply, const Expected& expected) {
    Attempt attempt;
    // The phase alone is no proof: when a reused connection breaks during a request, the client reconnects before it
    // gives up, and an orchestrator can make the gateway drop a connection.
    attempt.sent = !view(reply.response->peer).empty();
    attempt.cancelled = reply.status == STIPEND_E_CANCELLED;
    attempt.local = reply.cause() == STIPEND_HTTP_CAUSE_LOCAL;
    attempt.http_status = reply.http_status();
    attempt.served_by = livepeer::printable(reply.header("x-orchestrator-url"), most_address);
    attempt.orchestrator_responded = !attempt.served_by.empty();
    attempt.credit = read_credit(reply.header("livepeer-balance"));
    attempt.body = reply.body().substr(0, evidence_bytes);
    attempt.latency_ns = reply.response->total_ns;
    const auto uptime = check_answer(reply, attempt, expected);
    if (!uptime) {
        attempt.reason = uptime.error().message;
        return attempt;
    }
    attempt.reported_ppm = uptime->ppm;
    attempt.reported_window_s = uptime->window_s;
    const auto verified = livepeer::check_signed(*uptime, expected.evidence, expected.signed_only);
    attempt.valid = verified.ok();
    attempt.verified = verified && *verified;
    if (!verified) attempt.reason = verified.error().message;
    if (verified && !expected.call) attempt.services = livepeer::services_below(*uptime, reply.body());
    return attempt;
}

Attempt not_sent(std::string why) {
    Attempt attempt;
    attempt.reason = std::move(why);
    return attempt;
}

bool is_gateway_not_found(const Attempt& attempt, const GatewayWords& reference) {
    return reference.status != 0 && !attempt.orchestrator_responded && attempt.http_status == reference.status &&
           attempt.body == reference.body;
}

}  // namespace byoc
