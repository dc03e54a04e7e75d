#include "session_stops.hpp"

#include "discovery.hpp"
#include "livepeer/runner_wire.hpp"
#include "livepeer/wire.hpp"

namespace runner {

using stipend::cat;
using stipend::HttpReply;
using stipend::Result;

namespace {

// Why that answer does not say that the session is over; empty: it does. What the orchestrator does not know is over.
std::string problem_of(const HttpReply& reply) {
    if (reply.status != STIPEND_OK) return reply.error;
    const auto status = reply.http_status();
    if (status == 404 || (status >= 200 && status < 300)) return {};
    return cat("status ", status, ": \"", livepeer::error_text(reply.body()), "\"");
}

}  // namespace

SessionStops::SessionStops(stipend::Host host, const Settings& settings)
    : host_(host),
      settings_(settings),
      stopped_(stipend::Metric::counter(host, "sessions_stopped_total", "Sessions that were ended")),
      lost_(stipend::Metric::counter(host, "sessions_lost_total",
                                     "Sessions whose orchestrator did not confirm their end")) {}

void SessionStops::stop(const std::string& address, bool registered, const std::string& control) {
    if (open_.size() >= max_open) {
        lost_.record(1);
        return host_.log(STIPEND_LOG_WARN, cat("a session at ", address, " is not ended: ", max_open, " others wait"));
    }
    const auto id = ++last_id_;
    open_.emplace(id, Stop{.address = address, .registered = registered, .path = control + "/stop"});
    send(id);
}

void SessionStops::send(std::uint64_t id) {
    auto& stop = open_.at(id);
    stop.pause.reset();
    ++stop.tries;
    const auto url = cat(livepeer::without_slash(stop.address), stop.path);
    stipend::HttpRequest request;
    request.method = "POST";
    request.url = url;
    request.timeout_ms = timeout_ms;
    request.max_response_bytes = 4096;
    std::string pin;
    auto addressed = address_to(request, settings_, stop.address, stop.registered, pin);
    if (!addressed) return answered(id, addressed.error().message);
    const auto sent = host_.http(request, [this, id](const HttpReply& reply) { answered(id, problem_of(reply)); });
    if (!sent) answered(id, sent.error().message);
}

void SessionStops::answered(std::uint64_t id, const std::string& problem) {
    auto& stop = open_.at(id);
    if (problem.empty()) {
        stopped_.record(1);
        open_.erase(id);
        return;
    }
    if (stop.tries < max_tries) {
        stop.pause = std::make_unique<stipend::Timer>(host_, pause_ns, [this, id] { send(id); });
        if (stop.pause->armed()) return;
    }
    lost_.record(1);
    host_.log(STIPEND_LOG_WARN, cat("a session at ", stop.address, " is not ended: ", problem));
    open_.erase(id);
}

}  // namespace runner
