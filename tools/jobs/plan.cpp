#include "tools/jobs/plan.hpp"

#include <algorithm>

#include "host/base/time.hpp"
#include "livepeer/runner_wire.hpp"
#include "livepeer/wire.hpp"
#include "stipend/duration.hpp"

namespace stipend::jobs {
namespace {

Result<void> check_path_and_time(const Way& way) {
    STIPEND_TRY(livepeer::check_path(way.path));
    if (way.timeout_s >= 1 && way.timeout_s <= max_timeout_s) return {};
    return fail(STIPEND_E_INVALID, "bad time-out: got ", way.timeout_s, " s, want 1 to ", max_timeout_s);
}

}  // namespace

Wei cost_of(const livepeer::RunnerOffer& offer, const RunnerTerms& terms) {
    const auto cost = livepeer::first_cost(offer).value_or(Wei());
    if (terms.ticket.zero()) return cost;
    const CheckedU256 tickets = (cost.value() + (terms.ticket.value() - 1)) / terms.ticket.value();
    return Wei(CheckedU256(tickets * terms.ticket.value()));
}

std::string Way::url_path() const {
    std::string_view at = path.empty() ? std::string_view(capability) : std::string_view(path);
    if (at.starts_with('/')) at.remove_prefix(1);
    return cat(runner_path.empty() ? std::string_view("/process/request") : std::string_view(runner_path), "/", at);
}

std::int64_t Way::deadline_ns() const {
    return (static_cast<std::int64_t>(timeout_s) + 10) * ns_per_s;
}

Result<void> check_way(const Way& way) {
    STIPEND_TRY(livepeer::check_url(way.gateway));
    STIPEND_TRY(livepeer::check_capability(way.capability));
    return check_path_and_time(way);
}

Result<void> check_runner_way(const Way& way) {
    STIPEND_TRY(livepeer::check_app(way.capability));
    return check_path_and_time(way);
}

Result<Asked> parse_orchestrator(std::string_view text) {
    Asked out;
    for (std::size_t at = 0; at <= text.size();) {
        const auto end = std::min(text.find('=', at), text.size());
        const auto one = text.substr(at, end - at);
        STIPEND_TRY(livepeer::check_url(one));
        const auto bare = std::string(livepeer::without_slash(one));
        if (at == 0) {
            out.address = bare;
        } else {
            out.announced.push_back(bare);
        }
        at = end + 1;
    }
    return out;
}

std::string head_of(const Way& way, const std::string& host, const Asked& asked) {
    const auto first =
        cat("POST ", way.url_path(), " HTTP/1.1\r\nHost: ", host, "\r\nContent-Type: application/json\r\n");
    if (!way.runner_path.empty()) return first;
    const auto header = asked.address.empty() ? livepeer::unpinned_header(way.capability, way.timeout_s)
                                              : livepeer::livepeer_header(asked.address, way.capability, way.timeout_s);
    return cat(first, "Livepeer: ", header, "\r\n");
}

std::string body_of(std::uint64_t number) {
    const auto id = cat("jobs-", number);
    return livepeer::job_body({.agent_id = "stipend-jobs", .job_id = id, .window_s = 60, .at = SystemClock().now()});
}

std::string request_of(std::string_view head, std::string_view body) {
    std::string out;
    append_request(out, head, body);
    return out;
}

void append_request(std::string& out, std::string_view head, std::string_view body) {
    out.append(head).append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
}

}  // namespace stipend::jobs
