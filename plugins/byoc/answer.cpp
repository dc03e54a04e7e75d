#include "answer.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "stipend/json_parse.hpp"
#include "stipend/money.hpp"
#include "wire.hpp"

namespace byoc {

using stipend::cat;
using stipend::Error;
using stipend::fail;
using stipend::HttpReply;
using stipend::Json;
using stipend::Result;
using stipend::view;

namespace {

constexpr std::size_t shown_of_body = 120;
constexpr std::size_t most_address = 2048;

const Json* find_uptime(const Json& answer, std::string_view& name) {
    static constexpr std::array<std::string_view, 3> names{"overall_uptime_percentage", "service_uptime",
                                                           "uptime_percentage"};
    for (const auto candidate : names) {
        name = candidate;
        if (const auto* found = answer.find(candidate)) return found;
    }
    name = "services.uptime_percentage";
    const auto* services = answer.find("services");
    return services == nullptr ? nullptr : services->find("uptime_percentage");
}

std::uint32_t read_window(const Json& answer) {
    const auto* window = answer.find("window_seconds");
    if (window == nullptr || !window->is(Json::Kind::number)) return 0;
    const auto number = stipend::Decimal::parse(window->text());
    const auto seconds = number ? number->exact_scaled(0) : Result<std::int64_t>(0);
    const bool fits = seconds && *seconds > 0 && *seconds <= std::numeric_limits<std::uint32_t>::max();
    return fits ? static_cast<std::uint32_t>(*seconds) : 0;
}

// The gateway's credit with the orchestrator, if any.
std::string read_credit(std::string_view text) {
    const auto wei = stipend::Wei::parse(text);
    return wei && !wei->zero() ? wei->text() : std::string();
}

// Names the orchestrator that responded, and the configuration line that would accept its address.
Result<void> check_server(const std::string& served_by, const Expected& expected) {
    if (same_address(served_by, expected.address)) return {};
    const auto& more = expected.service_addresses;
    if (std::any_of(more.begin(), more.end(), [&](const auto& one) { return same_address(served_by, one); })) return {};
    const auto shown = printable(without_slash(served_by), 200);
    return fail(STIPEND_E_INVALID, "answered by ", shown, ", want ", without_slash(expected.address),
                "; if that is its own name, add to its entry: service_addresses: [\"", shown, "\"]");
}

// True: the evidence was verified. False: there is none that can be verified.
Result<bool> check_signed(const Uptime& uptime, const Expected& expected) {
    const bool key_known = !expected.evidence.public_key.empty();
    if (expected.signed_only && !key_known) {
        return fail(STIPEND_E_INVALID, "signed evidence is demanded, and its worker's key is not known: want a ",
                    "worker_key in its entry");
    }
    if (!uptime.evidence && expected.signed_only) {
        return fail(STIPEND_E_INVALID, "signed evidence is demanded: got an answer without evidence");
    }
    if (!uptime.evidence || !key_known) return false;
    STIPEND_TRY(check_evidence(*uptime.evidence, expected.evidence,
                               {.ppm = uptime.ppm,
                                .window_s = uptime.window_s,
                                .service_list = uptime.service_list ? &*uptime.service_list : nullptr}));
    return true;
}

Result<Uptime> check_answer(const HttpReply& reply, const Attempt& attempt, const Expected& expected) {
    const auto error = [](const auto&... parts) { return fail(STIPEND_E_INVALID, parts...); };
    if (reply.status != STIPEND_OK) {
        return error(attempt.http_status == 0 ? "no answer: " : "the answer broke off: ", reply.error);
    }
    const auto shown = printable(reply.body(), shown_of_body);
    if (attempt.http_status != 200) return error("status ", attempt.http_status, ": \"", shown, "\"");
    if (attempt.served_by.empty() && reply.body().empty()) {
        return error("status 200 with an empty body: every try of the gateway failed");
    }
    if (attempt.served_by.empty()) return error("status 200 without X-Orchestrator-Url: nobody answers for it");
    STIPEND_TRY(check_server(attempt.served_by, expected));
    if (reply.body().empty()) return error("status 200 with an empty body");
    return read_uptime(reply.body());
}

}  // namespace

Result<Uptime> read_uptime(std::string_view body) {
    STIPEND_LET(answer, stipend::parse_json(body, {.bytes = body.size(), .depth = 32, .nodes = 100'000}));
    if (!answer.is(Json::Kind::object)) {
        return fail(STIPEND_E_INVALID, "the answer is ", answer.kind_name(), ", want an object with an uptime");
    }
    std::string_view name;
    const auto* found = find_uptime(answer, name);
    if (found == nullptr) {
        return fail(STIPEND_E_INVALID,
                    "no uptime in the answer: want overall_uptime_percentage, service_uptime, uptime_percentage or "
                    "services.uptime_percentage");
    }
    if (!found->is(Json::Kind::number)) {
        const auto text = found->is(Json::Kind::string) ? cat("the string \"", printable(found->text(), 40), "\"")
                                                        : std::string(found->kind_name());
        return fail(STIPEND_E_INVALID, name, ": got ", text, ", want a number in 0..100");
    }
    auto ppm = stipend::percent_to_ppm(found->text());
    if (!ppm) {
        return fail(STIPEND_E_INVALID, name, ": got ", printable(found->text(), 40), ", want a number in 0..100");
    }
    Uptime out{*ppm, read_window(answer)};
    const auto* evidence = answer.find("evidence");
    if (evidence == nullptr || evidence->is(Json::Kind::null)) return out;
    out.evidence = *evidence;
    if (const auto* list = answer.find("service_list")) out.service_list = *list;
    return out;
}

Attempt read_answer(const HttpReply& reply, const Expected& expected) {
    Attempt attempt;
    // The phase alone is no proof: when a reused connection breaks during a request, the client reconnects before it
    // gives up, and an orchestrator can make the gateway drop a connection.
    attempt.sent = !view(reply.response->peer).empty();
    attempt.cancelled = reply.status == STIPEND_E_CANCELLED;
    attempt.local = reply.cause() == STIPEND_HTTP_CAUSE_LOCAL;
    attempt.http_status = reply.http_status();
    attempt.served_by = printable(reply.header("x-orchestrator-url"), most_address);
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
    const auto verified = check_signed(*uptime, expected);
    attempt.valid = verified.ok();
    attempt.verified = verified && *verified;
    if (!verified) attempt.reason = verified.error().message;
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
