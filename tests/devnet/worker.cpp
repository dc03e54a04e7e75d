#include "tests/devnet/worker.hpp"

#include <algorithm>
#include <charconv>

#include "stipend/duration.hpp"
#include "tests/devnet/gojson.hpp"
#include "tests/devnet/stream.hpp"

namespace stipend::devnet {
namespace {

constexpr std::int64_t default_window_s = 60;
constexpr std::int64_t max_window_s = std::int64_t{7} * 86400;
constexpr std::size_t padding_unit = 64 << 10;

// Seconds with two decimals.
std::string timestamp_text(std::int64_t unix_ns) {
    const auto hundredths = unix_ns / (10 * ns_per_ms);
    const auto rest = hundredths % 100;
    return cat(hundredths / 100, rest < 10 ? ".0" : ".", rest);
}

WorkerResult plain(int status, std::string body) {
    return {.status = status, .content_type = "text/plain; charset=utf-8", .body = std::move(body)};
}

// True for a percentage that a worker would call eligible: JSON numbers of 80 and more.
bool eligible(const std::optional<std::string>& uptime) {
    int whole = -1;
    if (uptime) std::from_chars(uptime->data(), uptime->data() + uptime->size(), whole);
    return whole >= 80;
}

WorkerResult bad_body(std::string_view why) {
    return {.status = 400,
            .content_type = "application/json",
            .body = cat(R"({"status":"error","error":)", json_string(why), "}")};
}

// The answer of a well worker; see the table of services in the README.
WorkerResult agent_net(const Behaviour& behaviour, const ScriptedJob& job) {
    const auto request = parse_go_json(job.body.empty() ? "{}" : job.body);
    if (!request) return bad_body(cat("bad JSON: ", request.error().message));
    if (request->kind != GoValue::Kind::object) return bad_body(cat("got a ", request->go_kind(), ", want an object"));
    std::string agent = "agent-net-001";
    std::int64_t window_s = default_window_s;
    GoFields fields(*request, "job");
    fields.string("agent_id", agent);
    fields.integer("window_seconds", "int", window_s);
    if (auto read = fields.finish(); !read) return bad_body(read.error().message);
    window_s = std::clamp<std::int64_t>(window_s, 1, max_window_s);

    const auto at = timestamp_text(job.unix_ns);
    const std::string_view good = eligible(behaviour.uptime) ? "true" : "false";
    const auto overall = behaviour.uptime ? cat(R"("overall_uptime_percentage":)", *behaviour.uptime, ",") : "";
    const auto nested = behaviour.uptime ? cat(R"("uptime_percentage":)", *behaviour.uptime, ",") : "";
    const auto list = behaviour.services.empty() ? "" : cat(R"("service_list":)", behaviour.services, ",");
    WorkerResult out;
    out.content_type = "application/json";
    out.metadata =
        cat(R"({"capability":)", json_string(job.capability), R"(,"agent_id":)", json_string(agent), R"(,"timestamp":)",
            at, behaviour.uptime ? cat(R"(,"uptime":)", *behaviour.uptime) : "", R"(,"eligible":)", good, "}");
    out.body =
        cat(R"({"status":"success","agent_id":)", json_string(agent), R"(,"capability":)", json_string(job.capability),
            R"(,"timestamp":)", at, ",", overall, R"("window_seconds":)", window_s,
            R"(,"services":{"total":7,"up":7,"down":0,)", nested, R"("eligible_for_payment":)", good, R"(},)", list,
            R"("down":[],"model_name":"Services: 7/7 up","vram_usage_mb":100.0,"total_models":7,"gpu_count":1})");
    return out;
}

WorkerResult struck_answer(const Behaviour& behaviour, const ScriptedJob& job) {
    const auto& fault = behaviour.fault;
    switch (fault.kind) {
        case FaultKind::error:
            return plain(fault.status, fault.text);
        case FaultKind::status401:
            return plain(401, "unauthorized");
        case FaultKind::gateway_text:
            return plain(400, cat("No orchestrators found for capability ", job.capability));
        case FaultKind::body:
            return {.content_type = "application/json", .body = fault.text};
        case FaultKind::worker_refused: {
            auto authority = job.url.substr(std::min(job.url.size(), job.url.find("://") + 3));
            authority = authority.substr(0, authority.find('/'));
            const auto what = cat("dial tcp ", authority, ": connect: connection refused");
            return {.kind = WorkerResult::Kind::failed, .error = go_post_error(job.url, what)};
        }
        case FaultKind::worker_truncated:
            return {.kind = WorkerResult::Kind::truncated};
        case FaultKind::unfinished_stream:
            return {.content_type = "text/event-stream",
                    .body = "data: {\"status\":\"working\"}\n\n",
                    .flood = blank_lines(fault.bytes != 0 ? fault.bytes : orchestrator_blank_bytes, job.timeout_ns)};
        case FaultKind::gzip: {
            auto out = agent_net(behaviour, job);
            if (fault.broken) {
                out.kind = WorkerResult::Kind::truncated;
                out.error = bad_gzip_text;
            }
            return out;
        }
        case FaultKind::redirect_loop:
            return {.kind = WorkerResult::Kind::failed, .error = endless_redirect_error("/redirect")};
        case FaultKind::endless: {
            auto out = agent_net(behaviour, job);
            out.content_type = "text/event-stream";
            out.flood = Flood{.unit = "data: " + std::string(4096, 'x') + "\n", .bytes = fault.bytes};
            return out;
        }
        case FaultKind::huge: {
            auto out = agent_net(behaviour, job);
            const auto padding = fault.bytes > out.body.size() ? fault.bytes - out.body.size() : 0;
            out.flood = Flood{.unit = std::string(padding_unit, ' '), .bytes = padding, .finish = true};
            return out;
        }
        default:
            return agent_net(behaviour, job);
    }
}

}  // namespace

WorkerResult scripted_answer(const Behaviour& behaviour, bool struck, const ScriptedJob& job) {
    auto out = struck ? struck_answer(behaviour, job) : agent_net(behaviour, job);
    out.delay_ns = behaviour.slow_ns;
    if (out.delay_ns > job.timeout_ns) {
        out = WorkerResult{.kind = WorkerResult::Kind::timed_out,
                           .error = go_post_error(job.url, "context canceled"),
                           .delay_ns = job.timeout_ns};
    }
    return out;
}

std::string endless_redirect_error(std::string_view location) {
    return go_post_error(location, cat("stopped after ", max_worker_requests, " redirects"));
}

std::string go_post_error(std::string_view url, std::string_view what) {
    return cat("Post \"", url, "\": ", what);
}

}  // namespace stipend::devnet
