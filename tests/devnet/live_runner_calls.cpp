// Calls and sessions of live runners, and what they cost.
#include <algorithm>

#include "stipend/duration.hpp"
#include "stipend/json_parse.hpp"
#include "tests/devnet/live_runners.hpp"

namespace stipend::devnet {
namespace {

constexpr std::int64_t call_timeout_ns = 3600 * ns_per_s;
constexpr std::string_view full_text = "no capacity available for runner";

bool is_payer_address(std::string_view text) {
    return text.size() == 42 && text.substr(0, 2) == "0x" &&
           text.substr(2).find_first_not_of("0123456789abcdefABCDEF") == text.npos;
}

// The path is escaped once more on its way.
std::string escaped_again(std::string_view path) {
    std::string out;
    for (const char c : path) c == '%' ? out.append("%25") : out.append(1, c);
    return out;
}

Reply reply_of_worker(WorkerResult result) {
    using Kind = WorkerResult::Kind;
    if (result.kind == Kind::failed || result.kind == Kind::timed_out) return http_error(502, result.error);
    Reply reply;
    reply.status = result.status;
    reply.headers = std::move(result.headers);
    const bool typed = std::any_of(reply.headers.begin(), reply.headers.end(),
                                   [](const auto& header) { return header.first == "Content-Type"; });
    if (!typed && !result.content_type.empty()) reply.headers.emplace_back("Content-Type", result.content_type);
    reply.body = std::move(result.body);
    reply.flood = std::move(result.flood);
    if (result.kind == Kind::truncated) {
        reply.shape = Reply::Shape::cut;
        // Half of nothing would be whole: a body that was announced and never comes.
        if (reply.body.empty()) reply = {.headers = std::move(reply.headers), .flood = Flood{}};
    }
    return reply;
}

}  // namespace

std::uint64_t LiveRunners::handle(const Request& request, const Respond& respond) {
    if (!host_.settings.live_runners) return respond(http_error(404, "live runners are not supported")), 0;
    sweep();
    if (strikes_silent(request)) return respond(shaped(Reply::Shape::silent)), 0;
    const std::string_view path = request.path;
    if (path == "/discovery") return respond(discovery()), 0;
    if (path == "/runners/heartbeat") return respond(heartbeat(request)), 0;
    constexpr std::string_view runners = "/runners/";
    constexpr std::string_view leave = "/unregister";
    if (path.rfind(runners, 0) == 0 && path.ends_with(leave) && path.size() > runners.size() + leave.size()) {
        return respond(unregister(request, path.substr(runners.size(), path.size() - runners.size() - leave.size()))),
               0;
    }
    if (path.rfind("/apps/", 0) == 0) return app_route(request, respond);
    return respond(not_found()), 0;
}

bool LiveRunners::strikes_silent(const Request& request) const {
    return request.path == "/discovery" && host_.strikes(FaultKind::blackhole);
}

std::uint64_t LiveRunners::app_route(const Request& request, const Respond& respond) {
    auto rest = std::string_view(request.path).substr(std::string_view("/apps/").size());
    const auto route = rest.substr(0, rest.find('/'));
    rest.remove_prefix(route.size());
    auto* runner = find_route(route);
    if (runner == nullptr || !usable(*runner)) return respond(http_error(404, "runner not found")), 0;
    if (rest == "/app" || rest.rfind("/app/", 0) == 0) return call_app(*runner, request, rest.substr(4), respond);
    if (rest == "/session" || rest.rfind("/session/", 0) == 0) {
        return session_route(*runner, request, rest.substr(8), respond);
    }
    if (rest == "/payment") return respond(http_error(409, "a fixed price takes no further payment")), 0;
    return respond(not_found()), 0;
}

std::optional<Reply> LiveRunners::settle(const LiveRunner& runner, const Request& request) {
    const auto price = price_of(runner);
    if (price <= 0) return std::nullopt;
    if (host_.behaviour.fault.kind == FaultKind::payment_refused && !request.payment.empty()) {
        return error_object(403, "ErrSegSig");
    }
    Demand demand{.orchestrator = host_.number,
                  .price_wei = price,
                  .unit = runner.unit,
                  .manifest_id = cat("manifest-", runner.id)};
    if (!request.payment.empty()) return host_.signer.spend(request.payment, request.segment, demand);
    if (!is_payer_address(request.payer)) return error_object(402, "invalid live runner payment signer address");
    if (plain_address(request.payer) != host_.account.sender || !host_.account.has_reserve()) {
        return error_object(500, "insufficient sender reserve");
    }
    ++demands_;
    return typed_reply(402, "application/json",
                       Json::object()
                               .set("payment_params", host_.signer.params_of(demand))
                               .set("orchestrator", host_.address)
                               .set("manifest_id", demand.manifest_id)
                               .set("payment_url", cat(host_.address, "/apps/", runner.route, "/payment"))
                               .dump() +
                           "\n");
}

std::uint64_t LiveRunners::call_app(LiveRunner& runner, const Request& request, std::string_view rest,
                                    const Respond& respond) {
    if (!runner.single_shot) return respond(http_error(400, "runner is not single-shot")), 0;
    const bool full = runner.used >= runner.capacity || host_.behaviour.fault.kind == FaultKind::runner_full;
    if (full) return respond(http_error(503, full_text)), 0;
    if (auto refusal = settle(runner, request)) return respond(std::move(*refusal)), 0;
    ++runner.used;
    return forward(runner, request, rest, new_id("call-"), true, respond);
}

std::uint64_t LiveRunners::forward(LiveRunner& runner, const Request& request, std::string_view rest,
                                   const std::string& session, bool owns_slot, const Respond& respond) {
    using Kind = FaultKind;
    ++calls_;
    host_.calls.add({host_.world.unix_ns(), host_.number, runner.app, request.path,
                     request.body.substr(0, JobLog::max_body), std::to_string(price_of(runner))});
    const auto call = next_call_++;
    running_.emplace(call, Running{runner.id, respond, !owns_slot});
    if (runner.scripted) {
        for (const auto& [kind, shape] : {std::pair{Kind::reset, Reply::Shape::reset},
                                          {Kind::closed, Reply::Shape::closed},
                                          {Kind::hang, Reply::Shape::silent}}) {
            if (!host_.strikes(kind)) continue;
            abandon(call);
            return respond(shaped(shape)), 0;
        }
    }
    const auto done = [this, call](WorkerResult result) { finish(call, std::move(result)); };
    auto url = cat(runner.url, escaped_again(rest), request.query.empty() ? "" : "?", request.query);
    if (runner.scripted) {
        const ScriptedJob job{.capability = runner.app,
                              .url = url,
                              .body = request.body,
                              .unix_ns = host_.world.unix_ns(),
                              .timeout_ns = call_timeout_ns};
        auto result = scripted_answer(host_.behaviour, host_.strikes(host_.behaviour.fault.kind), job);
        if (host_.behaviour.fault.kind == Kind::cut) result.kind = WorkerResult::Kind::truncated;
        const auto delay_ns = result.delay_ns;
        if (delay_ns == 0) return done(std::move(result)), 0;
        host_.world.after(delay_ns, [done, result = std::move(result)]() mutable { done(std::move(result)); });
        return call;
    }
    WorkerCall forwarded{.url = std::move(url),
                         .content_type = request.content_type,
                         .body = request.body,
                         .timeout_ns = call_timeout_ns,
                         .method = request.method,
                         .headers = request.headers,
                         .proxied = true};
    const auto control = cat(host_.address, "/apps/", runner.route, "/session/", session);
    forwarded.headers.emplace_back("Livepeer-Runner-Route", runner.route);
    forwarded.headers.emplace_back("Livepeer-Session-Id", session);
    forwarded.headers.emplace_back("Livepeer-Session-Token", cat("token-", session));
    forwarded.headers.emplace_back("Livepeer-Session-Control", control);
    host_.world.call_worker(std::move(forwarded), done);
    return call;
}

void LiveRunners::finish(std::uint64_t call, WorkerResult result) {
    const auto node = running_.extract(call);
    if (!node) return;  // its client left, or the orchestrator restarted
    const auto& running = node.mapped();
    if (const auto found = runners_.find(running.runner); found != runners_.end() && !running.session) {
        found->second.used = std::max<std::int64_t>(found->second.used - 1, 0);
    }
    running.respond(reply_of_worker(std::move(result)));
}

void LiveRunners::abandon(std::uint64_t call) {
    const auto node = running_.extract(call);
    if (!node || node.mapped().session) return;
    const auto found = runners_.find(node.mapped().runner);
    if (found != runners_.end()) found->second.used = std::max<std::int64_t>(found->second.used - 1, 0);
}

Reply LiveRunners::reserve_session(LiveRunner& runner, const Request& request) {
    if (request.method != "POST") return http_error(405, "Method Not Allowed");
    if (runner.single_shot) return http_error(400, "only persistent runners have sessions");
    if (runner.used >= runner.capacity || host_.behaviour.fault.kind == FaultKind::runner_full) {
        return http_error(503, full_text);
    }
    std::string id;
    if (const auto json = parse_json(request.body); json && json->find("session_id") != nullptr) {
        id = json->find("session_id")->text();
    }
    if (!id.empty() && runner.sessions.contains(id)) return http_error(409, "session already exists");
    if (id.empty() || id.find('/') != id.npos || id.size() > 100) id = new_id("session-");
    if (auto refusal = settle(runner, request)) return std::move(*refusal);
    ++runner.used;
    ++reserved_;
    runner.sessions.insert(id);
    if (runner.unit == "seconds" && price_of(runner) > 0) {
        host_.world.after(first_units(runner.unit) * ns_per_s,
                          [this, runner = runner.id, id] { end_unpaid(runner, id); });
    }
    const auto control = cat(host_.address, "/apps/", runner.route, "/session/", id);
    return typed_reply(
        200, "application/json",
        Json::object().set("session_id", id).set("app_url", cat(control, "/app")).set("control_url", control).dump() +
            "\n");
}

void LiveRunners::end_unpaid(const std::string& runner, const std::string& session) {
    const auto found = runners_.find(runner);
    if (found == runners_.end() || found->second.sessions.erase(session) == 0) return;
    --found->second.used;
    ++unpaid_;
}

std::uint64_t LiveRunners::session_route(LiveRunner& runner, const Request& request, std::string_view rest,
                                         const Respond& respond) {
    if (rest.empty() || rest == "/") return respond(reserve_session(runner, request)), 0;
    rest.remove_prefix(1);
    const std::string id(rest.substr(0, rest.find('/')));
    rest.remove_prefix(id.size());
    if (rest == "/stop") {
        if (request.method != "POST") return respond(http_error(405, "Method Not Allowed")), 0;
        if (runner.sessions.erase(id) > 0) {
            --runner.used;
            ++stopped_;
        }
        Reply reply;
        reply.status = 204;  // again, too
        return respond(std::move(reply)), 0;
    }
    if (!runner.sessions.contains(id)) return respond(http_error(404, "runner session not found")), 0;
    if (rest == "/app" || rest.rfind("/app/", 0) == 0) {
        return forward(runner, request, rest.substr(4), id, false, respond);
    }
    return respond(not_found()), 0;
}

}  // namespace stipend::devnet
