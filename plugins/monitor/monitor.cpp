#include "monitor.hpp"

#include <algorithm>

#include "stipend/json_parse.hpp"

namespace monitor {

using stipend::cat;
using stipend::fail;
using stipend::HttpReply;
using stipend::ns_per_ms;
using stipend::Result;

struct Monitor::Look {
    stipend::Completion<stipend_observation> done;
    std::string target_id;
    Endpoint endpoint;
    Attributes attributes;
    stipend_unix_ns started_at = 0;
    stipend_op exchange = 0;
    bool cut = false;  // the deadline left less time than the target's timeout
};

namespace {

// True if the client gave up before it tried to connect to the target. The owner of a name can delay its lookup; an
// address needs none, so there only the client's own queue can cause the delay.
bool never_tried(const Endpoint& endpoint, const HttpReply& reply) {
    return reply.status == STIPEND_E_TIMEOUT && reply.phase() == STIPEND_HTTP_RESOLVE && endpoint.numeric;
}

Seen judge_failure(const Endpoint& endpoint, const HttpReply& reply, bool cut) {
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

}  // namespace

Seen judge(const Endpoint& endpoint, const Attributes& attributes, const HttpReply& reply, bool cut) {
    // A longer body than the searched part was read far enough.
    const bool long_body = reply.status == STIPEND_E_LIMIT && reply.phase() == STIPEND_HTTP_HEAD;
    if (reply.status != STIPEND_OK && !long_body) return judge_failure(endpoint, reply, cut);
    const auto took = cat(" in ", reply.response->total_ns / ns_per_ms, " ms");
    if (endpoint.way == Way::http) {
        const int status = reply.http_status();
        if (status < attributes.least_status || status > attributes.most_status) {
            return {STIPEND_DEGRADED,
                    cat("status ", status, took, ", want ", attributes.least_status, "-", attributes.most_status)};
        }
        if (reply.body().find(attributes.contains) == std::string_view::npos) {
            return {STIPEND_DEGRADED,
                    cat("status ", status, took, ", but the body lacks \"", attributes.contains.substr(0, 80), "\"")};
        }
    }
    const auto what = endpoint.way == Way::tcp ? std::string("connected") : cat("status ", reply.http_status());
    if (attributes.slow_after_ns != 0 && reply.response->total_ns > attributes.slow_after_ns) {
        return {STIPEND_DEGRADED, cat(what, took, ", want ", stipend::duration_text(attributes.slow_after_ns))};
    }
    return {STIPEND_UP, cat(what, took)};
}

Result<Settings> Monitor::parse(const stipend::Json& json, const stipend_terms&) {
    const stipend::ConfigView config(json);
    Settings out;
    STIPEND_SET(out.defaults, parse_attributes(config, Attributes(), false));
    return out;
}

Result<void> Monitor::probe(const stipend_target& target, stipend_mono_ns deadline,
                            stipend::Completion<stipend_observation> done) {
    STIPEND_LET(endpoint, parse_endpoint(stipend::view(target.endpoint)));
    auto attributes = settings_.defaults;
    if (const auto text = stipend::view(target.attributes_json); !text.empty()) {
        STIPEND_LET(json, stipend::parse_json(text));
        if (!json.is(stipend::Json::Kind::object)) {
            return fail(STIPEND_E_INVALID, "attributes: got ", json.kind_name(), ", want an object");
        }
        STIPEND_SET(attributes, parse_attributes(stipend::ConfigView(json), settings_.defaults, true));
    }
    auto look = std::make_shared<Look>(Look{.done = std::move(done),
                                            .target_id = std::string(stipend::view(target.target_id)),
                                            .endpoint = endpoint,
                                            .attributes = attributes,
                                            .started_at = host_.now()});
    const auto left_ns = deadline == 0 ? attributes.timeout_ns : deadline - host_.monotonic();
    const auto timeout_ms = std::min(attributes.timeout_ns, left_ns) / ns_per_ms;
    look->cut = left_ns < attributes.timeout_ns;
    Result<stipend_op> sent = fail(STIPEND_E_TIMEOUT, "its deadline has passed");
    if (timeout_ms > 0) {
        stipend::HttpRequest request;
        request.url = look->endpoint.url;
        request.timeout_ms = static_cast<std::uint32_t>(timeout_ms);
        request.max_response_bytes = attributes.contains.empty() ? max_body_unread : max_body;
        request.pin_sha256 = look->attributes.pin_sha256;
        request.tls_mode = !look->attributes.pin_sha256.empty() ? STIPEND_TLS_PINNED
                           : attributes.verify_tls              ? STIPEND_TLS_VERIFY
                                                                : STIPEND_TLS_NONE;
        if (endpoint.way == Way::tcp) request.flags |= STIPEND_HTTP_CONNECT_ONLY;
        if (attributes.stranger) request.flags |= STIPEND_HTTP_UNTRUSTED_TARGET;
        sent = host_.http(request, [this, look](const HttpReply& reply) {
            finish(look, judge(look->endpoint, look->attributes, reply, look->cut));
        });
    }
    const auto op = look->done.op();
    if (sent) {
        look->exchange = *sent;
    } else if (!host_.post([this, look, why = sent.error().message] {
                   finish(look, {STIPEND_UNKNOWN, cat("not looked at: ", why)});
               })) {
        return fail(STIPEND_E_BUSY, "the host takes no work at the moment");
    }
    looks_.emplace(op, std::move(look));
    return {};
}

void Monitor::finish(const std::shared_ptr<Look>& look, const Seen& seen) {
    if (!look->done.pending()) return;  // cancelled
    looks_.erase(look->done.op());
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
        look->done.fail(fail(STIPEND_E_CANCELLED, "cancelled"));
    }));
}

}  // namespace monitor
