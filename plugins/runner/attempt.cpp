#include "attempt.hpp"

#include "livepeer/runner_wire.hpp"
#include "livepeer/uptime.hpp"
#include "livepeer/wire.hpp"

namespace runner {

using stipend::fail;
using stipend::HttpReply;
using stipend::Result;

namespace {

Result<livepeer::Uptime> check_answer(const HttpReply& reply, const Expected& expected) {
    const auto error = [](const auto&... parts) { return fail(STIPEND_E_INVALID, parts...); };
    if (reply.status != STIPEND_OK) {
        return error(reply.http_status() == 0 ? "no answer: " : "the answer broke off: ", reply.error);
    }
    if (reply.http_status() != 200) {
        return error("status ", reply.http_status(), ": \"", livepeer::error_text(reply.body()), "\"");
    }
    if (reply.body().empty()) return error("status 200 with an empty body");
    if (expected.call) return livepeer::Uptime();
    // Evidence is verified with the worker's key only.
    return livepeer::read_uptime(reply.body(), !expected.evidence.public_key.empty());
}

}  // namespace

Attempt read_exchange(const HttpReply& reply) {
    Attempt attempt;
    attempt.cancelled = reply.status == STIPEND_E_CANCELLED;
    attempt.responded = reply.http_status() != 0;
    attempt.cause = reply.cause();
    attempt.http_status = reply.http_status();
    attempt.body = reply.body().substr(0, evidence_bytes);
    attempt.latency_ns = reply.response->total_ns;
    if (reply.status != STIPEND_OK) attempt.reason = reply.error;
    return attempt;
}

Attempt read_answer(const HttpReply& reply, const Expected& expected) {
    auto attempt = read_exchange(reply);
    const auto uptime = check_answer(reply, expected);
    if (!uptime) {
        attempt.reason = uptime.error().message;
        return attempt;
    }
    attempt.reported_ppm = uptime->ppm;
    attempt.reported_window_s = uptime->window_s;
    const auto verified = livepeer::check_signed(*uptime, expected.evidence, expected.signed_only && !expected.call);
    attempt.valid = verified.ok();
    attempt.verified = verified && *verified;
    if (!verified) attempt.reason = verified.error().message;
    if (verified && !expected.call) attempt.services = livepeer::services_below(*uptime, reply.body());
    return attempt;
}

Attempt refused_offer(std::string why) {
    Attempt attempt;
    attempt.responded = true;
    attempt.reason = std::move(why);
    return attempt;
}

Attempt signer_failed(std::string why) {
    Attempt attempt;
    attempt.payer = true;
    attempt.reason = std::move(why);
    return attempt;
}

Attempt not_sent(std::string why) {
    Attempt attempt;
    attempt.cause = STIPEND_HTTP_CAUSE_LOCAL;
    attempt.reason = std::move(why);
    return attempt;
}

}  // namespace runner
