// What operators ask of the delivery of alerts, and order.
#include <future>
#include <vector>

#include "host/base/time.hpp"
#include "host/runtime/alert_delivery.hpp"

namespace stipend::runtime {
namespace {

constexpr std::int64_t longest_silence_s = std::int64_t{30} * 86'400;
constexpr std::size_t longest_reason = 500;
constexpr std::chrono::seconds answer_patience(20);

Error alerts_stopping() {
    return fail(STIPEND_E_STATE, "the host is stopping");
}

std::string text_in(const Json& body, std::string_view key) {
    const auto* value = body.find(key);
    return value == nullptr ? std::string() : value->text();
}

Result<std::string> match_in(const Json& body) {
    auto match = text_in(body, "match");
    if (match.empty() || match.size() > alert::max_id_bytes) {
        return fail(STIPEND_E_INVALID, "alerts to silence: got ", match.size(),
                    " bytes, want an id or a pattern of up to ", alert::max_id_bytes);
    }
    return match;
}

Json silence_json(const alert::Silence& one) {
    return Json::object()
        .append("match", one.match)
        .append("since", utc_text(one.since))
        .append("until", utc_text(one.until))
        .append("reason", one.reason)
        .append("by", one.by);
}

Json receiver_json(const alert::ReceiverState& one) {
    return Json::object()
        .append("receiver", one.name)
        .append("pending", one.pending)
        .append("delivered", one.delivered)
        .append("rejected", one.rejected)
        .append("dropped", one.dropped)
        .append("failures", one.failures)
        .append("last_error", one.last_error.empty() ? Json() : Json(one.last_error))
        .append("last_success", one.last_success == 0 ? Json() : Json(utc_text(one.last_success)))
        .append("retry_at", one.retry_at ? Json(utc_text(*one.retry_at)) : Json())
        .append("quiet", one.quiet);
}

}  // namespace

template <class Work>
auto AlertDelivery::ask(Work work) -> Result<decltype(work())> {
    auto promise = std::make_shared<std::promise<decltype(work())>>();
    auto answer = promise->get_future();
    if (stopping_) return alerts_stopping();
    lane_->post([self = shared_from_this(), promise, work = std::move(work)]() mutable {
        promise->set_value(work());
        self->turn();
    });
    promise.reset();
    if (answer.wait_for(answer_patience) != std::future_status::ready) {
        return stopping_ ? alerts_stopping() : fail(STIPEND_E_TIMEOUT, "the thread that delivers alerts is held up");
    }
    try {
        return answer.get();
    } catch (const std::future_error&) {
        return alerts_stopping();
    }
}

Json AlertDelivery::list_json() {
    const auto now = surroundings_.line->now();
    Json active = Json::array();
    for (const auto& [id, one] : router_.active()) {
        const auto until = router_.silenced_until(id, now);
        Json to = Json::array();
        for (const auto& receiver : alert::receivers_of(router_.rules(), id, one.severity)) to.push(receiver);
        active.push(Json::object()
                        .append("id", id)
                        .append("severity", alert::severity_text(one.severity))
                        .append("text", one.text)
                        .append("since", utc_text(one.since))
                        .append("silenced_until", until ? Json(utc_text(*until)) : Json())
                        .append("confirmed", !one.unconfirmed)
                        .append("receivers", std::move(to)));
    }
    Json silences = Json::array();
    for (const auto& one : router_.silences()) silences.push(silence_json(one));
    Json receivers = Json::array();
    for (const auto& one : router_.receivers(now)) receivers.push(receiver_json(one));
    Json pending = Json::array();
    for (const auto& one : router_.pending()) {
        pending.push(Json::object()
                         .append("delivery_id", one.delivery_id)
                         .append("receiver", one.receiver)
                         .append("id", one.alert_id)
                         .append("status", one.resolved ? "resolved" : "firing")
                         .append("since", utc_text(one.queued)));
    }
    return Json::object()
        .append("active", std::move(active))
        .append("silences", std::move(silences))
        .append("receivers", std::move(receivers))
        .append("pending", std::move(pending))
        .append("stored", stores_ && !store_failed_);
}

Result<Json> AlertDelivery::list() {
    return ask([self = shared_from_this()] { return self->list_json(); });
}

Result<Json> AlertDelivery::silence(const Json& body) {
    STIPEND_LET(match, match_in(body));
    const auto* given = body.find("for_s");
    std::int64_t for_s = 0;
    if (given != nullptr && given->is(Json::Kind::number)) for_s = std::strtoll(given->text().c_str(), nullptr, 10);
    if (for_s < 1 || for_s > longest_silence_s) {
        return fail(STIPEND_E_INVALID, "time of a silence: got ", for_s, " s, want 1 .. ", longest_silence_s);
    }
    auto reason = text_in(body, "reason");
    if (reason.empty()) return fail(STIPEND_E_INVALID, "a silence has a reason: got none");
    const auto now = surroundings_.line->now();
    alert::Silence wanted{.match = match,
                          .since = now,
                          .until = now + for_s * ns_per_s,
                          .reason = std::string(clip(reason, longest_reason)),
                          .by = std::string(clip(text_in(body, "by"), 100))};
    const auto answer = silence_json(wanted);
    surroundings_.log->info(
        cat("alerts ", match, " are silenced until ", utc_text(wanted.until), " by ", wanted.by, ": ", wanted.reason));
    STIPEND_LET(done, ask([self = shared_from_this(), wanted = std::move(wanted), now] {
                    return self->router_.silence(wanted, now);
                }));
    STIPEND_TRY(done);
    return answer;
}

Result<Json> AlertDelivery::unsilence(const Json& body) {
    STIPEND_LET(match, match_in(body));
    STIPEND_LET(ended, ask([self = shared_from_this(), match = match] {
                    return self->router_.unsilence(match, self->surroundings_.line->now());
                }));
    if (ended == 0) return fail(STIPEND_E_INVALID, "no silence of ", match, ": `stipend alert list` shows them");
    surroundings_.log->info(cat("alerts ", match, " are silenced no longer"));
    return Json::object().append("match", match).append("ended", ended);
}

Result<Json> AlertDelivery::test(const Json& body) {
    const auto wanted = text_in(body, "receiver");
    STIPEND_LET(names, ask([self = shared_from_this(), wanted] {
                    std::vector<std::string> out;
                    for (const auto& one : self->router_.rules().receivers) {
                        if (wanted.empty() || one.name == wanted) out.push_back(one.name);
                    }
                    return out;
                }));
    if (names.empty()) {
        return fail(STIPEND_E_INVALID, wanted.empty()
                                           ? std::string("no receivers are configured: alerts.receivers is empty")
                                           : cat("no such receiver: ", wanted));
    }
    std::vector<std::future<Result<void>>> outcomes;
    for (const auto& name : names) {
        auto promise = std::make_shared<std::promise<Result<void>>>();
        outcomes.push_back(promise->get_future());
        const auto begun = ask([self = shared_from_this(), name, promise] {
            const auto number = self->router_.test(name, self->surroundings_.line->now());
            if (!number) {
                promise->set_value(number.error());
            } else {
                self->trials_[*number] = {name,
                                          [promise](Result<void> result) { promise->set_value(std::move(result)); }};
            }
            return 0;
        });
        STIPEND_TRY(begun);
    }
    Json out = Json::array();
    for (std::size_t at = 0; at < names.size(); ++at) {
        // Each ends: by the plugin, by the deadline of the receiver, or with the host.
        const auto result = outcomes[at].get();
        out.push(Json::object()
                     .append("receiver", names[at])
                     .append("accepted", result.ok())
                     .append("error", result ? Json() : Json(result.error().message)));
    }
    return Json::object().append("tests", std::move(out));
}

}  // namespace stipend::runtime
