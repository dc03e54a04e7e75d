#include "heartbeat.hpp"

#include <algorithm>
#include <functional>

#include "livepeer/token.hpp"
#include "livepeer/wire.hpp"
#include "livepeer/worker_answers.hpp"

namespace runner {

using stipend::cat;
using stipend::HttpReply;
using stipend::Json;

namespace {

constexpr std::string_view beat_path = "/runners/heartbeat";

std::string quoted_text(std::string_view body) {
    while (body.ends_with('\n')) body.remove_suffix(1);
    return cat("\"", livepeer::printable(body, 160), "\"");
}

}  // namespace

Heartbeat::Heartbeat(const WorkerSettings& settings, stipend::Host host)
    : settings_(settings),
      host_(host),
      orchestrator_(settings, host),
      random_(std::random_device()()),
      registrations_(stipend::Metric::counter(host, "registrations_total", "Registrations of the runner")),
      beats_(stipend::Metric::counter(host, "heartbeats_total", "Heartbeats that the orchestrator accepted")),
      beats_failed_(stipend::Metric::counter(host, "heartbeats_failed_total",
                                             "Heartbeats that the orchestrator refused or did not answer")) {}

void Heartbeat::begin() {
    orchestrator_.warn_of_secret();
    beat();
}

void Heartbeat::beat() {
    sent_at_ = host_.monotonic();
    const auto headers =
        cat("Content-Type: application/json\r\nAuthorization: ", registered() ? secret_ : settings_.secret, "\r\n");
    auto sent = orchestrator_.send("POST", beat_path, headers, beat_body(settings_, runner_id_), timeout_ms,
                                   [this](const HttpReply& reply) { answered(reply); });
    if (sent) return;
    beats_failed_.record(1);
    orchestrator_.note(Trouble::down, sent.error().message);
    back_off();
}

void Heartbeat::answered(const HttpReply& reply) {
    const bool accepted = reply.status == STIPEND_OK && reply.http_status() == 200;
    if (!accepted) beats_failed_.record(1);
    if (stopping_) {
        // What was under way at the end may have registered it.
        const auto answer = accepted ? read_beat_answer(reply.body()) : stipend::Result<BeatAnswer>(BeatAnswer{});
        if (!answer || answer->secret.empty()) return;
        runner_id_ = answer->runner_id;
        secret_ = answer->secret;
        return unregister();
    }
    if (reply.status != STIPEND_OK) return unanswered(reply);
    away_since_ = 0;
    accepted ? accept(reply) : refused(reply);
}

void Heartbeat::accept(const HttpReply& reply) {
    const auto answer = read_beat_answer(reply.body());
    if (!answer || (!registered() && answer->secret.empty())) {
        beats_failed_.record(1);
        orchestrator_.note(Trouble::odd, cat("its answer to a heartbeat is not understood: ",
                                             answer ? "heartbeat_secret: got nothing" : answer.error().message));
        return back_off();
    }
    const bool fresh = !registered();
    if (!answer->secret.empty()) secret_ = answer->secret;
    runner_id_ = answer->runner_id;
    interval_ns_ = answer->interval_ns;
    failures_ = 0;
    last_beat_ = host_.now();
    beats_.record(1);
    orchestrator_.note(Trouble::none, "");
    if (fresh) {
        ++count_;
        registrations_.record(1);
        since_ = last_beat_;
        host_.log(STIPEND_LOG_INFO, cat("registered ", settings_.capability, " with ", settings_.orchestrator, " as ",
                                        runner_id_, ": ", settings_.url, ", capacity ", settings_.capacity,
                                        ", a heartbeat every ", stipend::duration_text(interval_ns_)));
    }
    // From the time it was sent, so that a slow answer delays no heartbeat.
    after(std::max(sent_at_ + interval_ns_ - host_.monotonic(), std::int64_t{0}));
}

void Heartbeat::refused(const HttpReply& reply) {
    const auto status = reply.http_status();
    const auto text = quoted_text(reply.body());
    if (registered() && (status == 401 || status == 404)) {
        return begin_anew(cat("it does not know the runner any more (", status, ": ", text, ")"));
    }
    if (const auto advice = livepeer::https_advice(status, reply.body()); !advice.empty()) {
        orchestrator_.note(Trouble::refused, advice);
    } else if (status == 401) {
        orchestrator_.note(Trouble::secret,
                           cat("wrong secret: it is to be the orchestrator's -orchSecret; it answers 401: ", text));
    } else if (status == 404) {
        orchestrator_.note(
            Trouble::refused,
            cat("it takes no runners: it wants -useLiveRunners and -orchSecret; it answers 404: ", text));
    } else if (status == 400) {
        orchestrator_.note(Trouble::refused, cat("it refuses the registration as it is configured: ", text));
    } else {
        orchestrator_.note(Trouble::refused, cat("refused with status ", status, ": ", text));
    }
    back_off();
}

void Heartbeat::unanswered(const HttpReply& reply) {
    if (reply.cause() == STIPEND_HTTP_CAUSE_CERTIFICATE) {
        orchestrator_.note(Trouble::tls, orchestrator_.certificate_trouble(reply.error));
        return back_off();
    }
    const auto now = host_.monotonic();
    if (away_since_ == 0) away_since_ = now;
    orchestrator_.note(Trouble::down, cat("no answer: ", reply.error));
    if (now - away_since_ >= eager_for_ns) return back_off();
    // It is likely to restart, and is to have the runner within one interval.
    after(std::max(sent_at_ + interval_ns_ - random_up_to(interval_ns_ / 4) - now, interval_ns_ / 4));
}

// The orchestrator restarted, or no heartbeat arrived for too long.
void Heartbeat::begin_anew(const std::string& why) {
    orchestrator_.note(Trouble::lost, why);
    runner_id_.clear();
    secret_.clear();
    beat();
}

void Heartbeat::back_off() {
    ++failures_;
    const auto base = std::min(first_pause_ns << std::min<std::int64_t>(failures_ - 1, 5), longest_pause_ns);
    const auto pause = base - base / 4 + random_up_to(base / 2);
    after(std::clamp(pause, first_pause_ns, longest_pause_ns));
}

void Heartbeat::farewell() {
    stopping_ = true;
    timer_.reset();
    if (registered()) return unregister();
    // A first heartbeat that is under way goes on: its answer is what the registration is taken back by.
}

void Heartbeat::unregister() {
    const auto headers = cat("Authorization: ", secret_, "\r\n");
    const auto sent =
        orchestrator_.send("POST", cat("/runners/", runner_id_, "/unregister"), headers, "", farewell_timeout_ms,
                           [this](const HttpReply& reply) {
                               const bool done = reply.status == STIPEND_OK && reply.http_status() == 204;
                               host_.log(done ? STIPEND_LOG_INFO : STIPEND_LOG_WARN,
                                         cat(done ? "unregistered " : "not unregistered: ", settings_.capability,
                                             done                  ? cat(", ", runner_id_)
                                             : reply.error.empty() ? cat(": status ", reply.http_status())
                                                                   : cat(": ", reply.error)));
                           });
    if (!sent) host_.log(STIPEND_LOG_WARN, cat("not unregistered: ", sent.error().message));
}

void Heartbeat::after(std::int64_t ns) {
    timer_ = std::make_unique<stipend::Timer>(host_, ns, [this] { beat(); });
    if (!timer_->armed()) {
        host_.log(STIPEND_LOG_ERROR, "the host takes no timer: the registration is not looked after any more");
    }
}

std::int64_t Heartbeat::random_up_to(std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(0, most)(random_);
}

Json Heartbeat::report() const {
    auto out = Json::object();
    const auto problem = orchestrator_.problem();
    const auto state = !registered() ? "registering" : problem.empty() ? "registered" : "unconfirmed";
    out.set("state", stopping_ ? "ending" : state);
    out.set("orchestrator", settings_.orchestrator);
    if (registered()) {
        out.set("runner_id", runner_id_);
        out.set("since", livepeer::rfc3339_text(since_));
        out.set("last_heartbeat", livepeer::rfc3339_text(last_beat_));
        out.set("heartbeat_every", stipend::duration_text(interval_ns_));
    }
    if (!problem.empty()) out.set("problem", problem);
    out.set("registrations", count_);
    return out;
}

}  // namespace runner
