#include "monitor.hpp"

#include <algorithm>

#include "stipend/json_parse.hpp"
#include "stipend/json_pointer.hpp"

namespace monitor {

using stipend::cat;
using stipend::fail;
using stipend::HttpReply;
using stipend::Json;
using stipend::ns_per_ms;
using stipend::Result;

struct Monitor::Look {
    stipend::Completion<stipend_observation> done;
    std::string target_id;
    Endpoint endpoint;
    Attributes attributes;
    stipend_unix_ns started_at = 0;
    stipend_mono_ns deadline = 0;  // 0: none
    stipend_op exchange = 0;
    bool cut = false;  // the deadline left less time than the target's timeout
    int tries = 0;
    std::optional<CheckResult> failed;      // the last try that failed
    std::unique_ptr<stipend::Timer> pause;  // before the next try
};

namespace {

// True if the client gave up before it tried to connect to the target. The owner of a name can delay its lookup; an
// address needs none, so there only the client's own queue can cause the delay.
bool never_tried(const Endpoint& endpoint, const HttpReply& reply) {
    return reply.status == STIPEND_E_TIMEOUT && reply.phase() == STIPEND_HTTP_RESOLVE && endpoint.numeric;
}

CheckResult judge_failure(const Endpoint& endpoint, const HttpReply& reply, bool cut) {
    switch (reply.status) {
        case STIPEND_E_CANCELLED:
        case STIPEND_E_INTERNAL:
        case STIPEND_E_STATE:
            return {STIPEND_UNKNOWN, cat("not looked at: ", reply.error)};
        case STIPEND_E_TIMEOUT:
            if (cut) return {STIPEND_UNKNOWN, cat("too little time to look: ", reply.error)};
            break;
        default:
            break;
    }
    // Our own route, descriptors, proxy, trust store or resolver; an answer that came is the target's all the same.
    const bool local = reply.cause() == STIPEND_HTTP_CAUSE_LOCAL && reply.http_status() == 0;
    if (local || never_tried(endpoint, reply)) return {STIPEND_UNKNOWN, cat("not looked at: ", reply.error)};
    const bool answered = reply.http_status() != 0;
    return {answered ? STIPEND_DEGRADED : STIPEND_DOWN, reply.error};
}

bool expected_status(const Attributes& attributes, int status) {
    return std::any_of(attributes.status.begin(), attributes.status.end(),
                       [&](const auto& range) { return status >= range.first && status <= range.second; });
}

std::string shown(const Json& value) {
    return stipend::cat(stipend::clip(value.dump(), 80));
}

bool same(const Json& found, const Json& wanted) {
    if (found.kind_name() != wanted.kind_name()) return false;
    if (!wanted.is(Json::Kind::number)) return found.dump() == wanted.dump();
    const auto one = stipend::Decimal::parse(found.text());
    const auto other = stipend::Decimal::parse(wanted.text());
    return one && other && one->compare(*other) == 0;
}

// What a body that should be a JSON document lacks; empty: nothing.
std::string lacks_json(const std::vector<JsonValue>& wanted, std::string_view body) {
    if (wanted.empty()) return {};
    const auto json = stipend::parse_json(body, {.bytes = Monitor::max_body});
    if (!json) return cat("the body is no JSON: ", json.error().message);
    for (const auto& one : wanted) {
        const auto* found = stipend::value_at(*json, one.pointer);
        if (found == nullptr) return cat("the body has no ", stipend::clip(one.pointer, 80));
        if (!same(*found, one.value)) {
            return cat(stipend::clip(one.pointer, 80), " is ", shown(*found), ", want ", shown(one.value));
        }
    }
    return {};
}

// Of a certificate that expires soon.
std::optional<CheckResult> judge_expiry(const Attributes& attributes, stipend_unix_ns not_after, stipend_unix_ns now) {
    if (not_after == 0) return std::nullopt;
    const auto left_ns = not_after - now;
    const auto day_ns = std::int64_t{86'400} * stipend::ns_per_s;
    const auto why = [&](std::int64_t least_ns) {
        return left_ns < 0 ? cat("its certificate has expired, want ", stipend::duration_text(least_ns), " left")
                           : cat("its certificate expires in ", left_ns / day_ns, " days, want ",
                                 stipend::duration_text(least_ns), " left");
    };
    if (left_ns < attributes.expiry_down_ns) return CheckResult{STIPEND_DOWN, why(attributes.expiry_down_ns)};
    if (left_ns < attributes.expiry_degraded_ns)
        return CheckResult{STIPEND_DEGRADED, why(attributes.expiry_degraded_ns)};
    return std::nullopt;
}

CheckResult judge_answer(const Attributes& attributes, const HttpReply& reply, const std::string& what) {
    if (!expected_status(attributes, reply.http_status())) {
        return {STIPEND_DEGRADED, cat(what, ", want ", attributes.status_text)};
    }
    if (reply.body().find(attributes.contains) == std::string_view::npos) {
        return {STIPEND_DEGRADED, cat(what, ", but the body lacks \"", attributes.contains.substr(0, 80), "\"")};
    }
    if (const auto lack = lacks_json(attributes.json, reply.body()); !lack.empty()) {
        return {STIPEND_DEGRADED, cat(what, ", but ", lack)};
    }
    return {STIPEND_UP, what};
}

}  // namespace

CheckResult judge(const Endpoint& endpoint, const Attributes& attributes, const HttpReply& reply, bool cut,
                  stipend_unix_ns now) {
    // A longer body than the searched part was read far enough.
    const bool long_body = reply.status == STIPEND_E_LIMIT && reply.phase() == STIPEND_HTTP_HEAD;
    if (reply.status != STIPEND_OK && !long_body) return judge_failure(endpoint, reply, cut);
    if (const auto expiry = judge_expiry(attributes, reply.response->tls_not_after, now)) return *expiry;
    const auto what = cat(endpoint.way == Way::tcp ? std::string("connected") : cat("status ", reply.http_status()),
                          " in ", reply.response->total_ns / ns_per_ms, " ms");
    if (endpoint.way == Way::http) {
        if (auto seen = judge_answer(attributes, reply, what); seen.verdict != STIPEND_UP) return seen;
    }
    if (attributes.slow_after_ns != 0 && reply.response->total_ns > attributes.slow_after_ns) {
        return {STIPEND_DEGRADED, cat(what, ", want ", stipend::duration_text(attributes.slow_after_ns))};
    }
    return {STIPEND_UP, what};
}

Result<Settings> Monitor::parse(const stipend::Json& json, const stipend_terms&) {
    const stipend::ConfigView config(json);
    Settings out;
    STIPEND_SET(out.defaults, parse_attributes(config, Attributes(), false));
    return out;
}

Result<void> Monitor::check_target(const Settings& settings, const stipend_target& target) {
    STIPEND_TRY(parse_endpoint(stipend::view(target.endpoint)));
    STIPEND_TRY(parse_attributes_json(stipend::view(target.attributes_json), settings.defaults));
    return {};
}

Result<void> Monitor::probe(const stipend_target& target, stipend_mono_ns deadline,
                            stipend::Completion<stipend_observation> done) {
    STIPEND_LET(endpoint, parse_endpoint(stipend::view(target.endpoint)));
    STIPEND_LET(attributes, parse_attributes_json(stipend::view(target.attributes_json), settings_.defaults));
    auto look = std::make_shared<Look>(Look{.done = std::move(done),
                                            .target_id = std::string(stipend::view(target.target_id)),
                                            .endpoint = endpoint,
                                            .attributes = std::move(attributes),
                                            .started_at = host_.now(),
                                            .deadline = deadline});
    const auto op = look->done.op();
    const auto sent = send(look);
    if (!sent && !host_.post([this, look, why = sent.error().message] {
            finish(look, {STIPEND_UNKNOWN, cat("not looked at: ", why)});
        })) {
        return fail(STIPEND_E_BUSY, "the host takes no work at the moment");
    }
    looks_.emplace(op, std::move(look));
    return {};
}

Result<void> Monitor::send(const std::shared_ptr<Look>& look) {
    const auto& attributes = look->attributes;
    const bool tcp = look->endpoint.way == Way::tcp;
    const auto left_ns = look->deadline == 0 ? attributes.timeout_ns : look->deadline - host_.monotonic();
    const auto timeout_ms = std::min(attributes.timeout_ns, left_ns) / ns_per_ms;
    if (timeout_ms <= 0) return fail(STIPEND_E_TIMEOUT, "its deadline has passed");
    look->cut = left_ns < attributes.timeout_ns;
    ++look->tries;
    const auto headers = attributes.authorization.empty()
                             ? attributes.headers
                             : cat(attributes.headers, "Authorization: ", attributes.authorization, "\r\n");
    stipend::HttpRequest request;
    request.url = look->endpoint.url;
    request.timeout_ms = static_cast<std::uint32_t>(timeout_ms);
    request.max_response_bytes = attributes.contains.empty() && attributes.json.empty() ? max_body_unread : max_body;
    request.pin_sha256 = attributes.pin_sha256;
    request.tls_mode = !attributes.pin_sha256.empty() ? STIPEND_TLS_PINNED
                       : attributes.verify_tls        ? STIPEND_TLS_VERIFY
                                                      : STIPEND_TLS_NONE;
    if (tcp) {
        request.flags |= STIPEND_HTTP_CONNECT_ONLY;
    } else {
        request.method = attributes.method;
        request.headers = headers;
        request.body = attributes.body;
        request.max_redirects = attributes.redirects;
    }
    if (attributes.stranger) request.flags |= STIPEND_HTTP_UNTRUSTED_TARGET;
    auto sent = host_.http(request, [this, look](const HttpReply& reply) {
        take(look, judge(look->endpoint, look->attributes, reply, look->cut, host_.now()));
    });
    if (!sent && tcp) return fail(sent.error().status, "the host refused to connect: status ", sent.error().status);
    if (!sent) return std::move(sent).error();
    look->exchange = *sent;
    return {};
}

void Monitor::take(const std::shared_ptr<Look>& look, const CheckResult& seen) {
    if (!look->done.pending()) return;  // cancelled
    const bool failed = seen.verdict == STIPEND_DOWN || seen.verdict == STIPEND_DEGRADED;
    // What an earlier try saw counts where a later one could not look.
    if (seen.verdict == STIPEND_UNKNOWN && look->failed) return finish(look, *look->failed);
    const auto why = look->tries > 1 ? cat(seen.why, ", at try ", look->tries) : seen.why;
    const auto pause_ns = look->attributes.retry_after_ns;
    const bool time_left = look->deadline == 0 || host_.monotonic() + pause_ns < look->deadline;
    if (!failed || look->tries > look->attributes.retries || !time_left) return finish(look, {seen.verdict, why});
    look->exchange = 0;
    look->failed = CheckResult{seen.verdict, why};
    look->pause = std::make_unique<stipend::Timer>(host_, pause_ns, [this, look] {
        if (look->done.pending() && !send(look)) finish(look, *look->failed);
    });
    if (!look->pause->armed()) finish(look, *look->failed);
}

void Monitor::finish(const std::shared_ptr<Look>& look, const CheckResult& seen) {
    if (!look->done.pending()) return;  // cancelled
    const auto keep = look;             // the table may hold the last reference
    looks_.erase(look->done.op());
    look->pause.reset();
    auto record = stipend::make_record<stipend_observation>();
    record.verdict = seen.verdict;
    record.target_id = stipend::to_abi(look->target_id);
    record.started_at = look->started_at;
    record.ended_at = host_.now();
    record.evidence = stipend::bytes_to_abi(seen.why);
    look->done.finish(record);
}

void Monitor::cancel(stipend_op op) {
    // [any]: the state of [pool] is only accessed there. The end of the exchange then completes the operation.
    static_cast<void>(host_.post([this, op] {
        const auto found = looks_.find(op);
        if (found == looks_.end()) return;
        const auto look = found->second;
        looks_.erase(found);
        host_.cancel_http(look->exchange);
        look->pause.reset();
        look->done.fail(fail(STIPEND_E_CANCELLED, "cancelled"));
    }));
}

}  // namespace monitor
