// Proofs that orchestrators that registered are there.
#include "host/auth/challenge_response.hpp"
#include "host/base/sha256.hpp"
#include "host/engine/registrar.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {
namespace {

constexpr std::size_t max_id_bytes = 2048;
constexpr std::size_t max_proof_bytes = 256;

}  // namespace

// What a proof says of latencies and counts is the peer's own word, and is read by nothing.
api::Reply Registrar::prove(const api::Request& request) {
    const auto& id = request.path.at("id");
    const auto named = request.text("orchestrator_id", max_id_bytes);
    const auto challenge = request.text("manager_challenge", max_proof_bytes);
    const auto response = request.text("orchestrator_response", max_proof_bytes);
    for (const auto* field : {&named, &challenge, &response}) {
        if (!*field) return api::problem_of(field->error());
    }
    if (*named != id) return api::problem(400, "\"orchestrator_id\": want the id of the path");
    if (const auto wait_s = begin_attempt(request); wait_s > 0) {
        return api::problem_later(429, "too many requests", wait_s);
    }
    const auto found = parts_.store->find(id);
    if (!found) {
        parts_.not_checked(id);
        return reply_of(found.error());
    }
    if (!*found || (*found)->state == registry::RegistrationState::removed) {
        return api::problem(404, "no such registration");
    }
    const auto& registration = **found;
    const auto now = parts_.clock->now();
    const auto refuse = [&](std::string_view why) {
        parts_.log(cat("registration: proof refused from ", request.client.text(), ": ", why, ": ", id));
        return api::problem(401, "the proof is wrong, late, or was used before; a registration gives a new challenge");
    };
    {
        const std::lock_guard lock(mutex_);
        const auto fault = challenges_.take(id, *challenge, now);
        if (fault != auth::ChallengeFault::none) return refuse(auth::name_of(fault));
    }
    // A wallet signs what it is shown: that it signed this for another's id must not be enough.
    if (!registration.secret || !auth::equal_in_constant_time(*registration.secret, sha256(request.credential))) {
        return refuse("wrong secret");
    }
    if (auth::is_signed_response(*response)) {
        const auto address = auth::EthAddress::parse(registration.stated.payout_address);
        if (!address || !auth::signed_response_matches(*response, *challenge, *address)) {
            return refuse("not signed by the payout address");
        }
    } else if (!auth::secret_response_matches(*response, *challenge, id, request.credential)) {
        return refuse("wrong response");
    }
    succeeded(request);
    parts_.proven(id);
    return accepted(approve_invited(registration, now), now);
}

// With the next challenge, once the endpoint was connected to.
api::Reply Registrar::accepted(const registry::Registration& registration, stipend_unix_ns now) {
    std::string next;
    {
        const std::lock_guard lock(mutex_);
        auto issued = challenges_.issue(registration.stated.id, now);
        if (!issued) return api::problem(500, "the host failed; its log says why");
        next = std::move(*issued);
    }
    auto answer = Json::object()
                      .append("success", true)
                      .append("message", "the proof is accepted")
                      .append("next_proof_required", parts_.proof_interval_ns / ns_per_s)
                      .append("challenge", next)
                      .append("state", registry::name_of(registration.state))
                      .append("payout_proven", registration.payout_proven)
                      .append("endpoint_reached", Json());
    if (!parts_.connect_back) return api::json_reply(answer);
    // This may be over before the connection is.
    return {.later = [connect_back = parts_.connect_back, id = registration.stated.id,
                      endpoint = registration.stated.endpoint, now, answer = std::move(answer)](auto send) {
        connect_back->check(id, endpoint, now, [send, answer](const ConnectBack::Seen& seen) {
            auto out = answer;
            using Verdict = ConnectBack::Verdict;
            if (seen.verdict != Verdict::unknown) out.set("endpoint_reached", seen.verdict == Verdict::reached);
            if (seen.verdict == Verdict::failed) {
                out.set("message", cat("the proof is accepted; the endpoint is not reached: ", seen.why));
            }
            send(api::json_reply(out));
        });
    }};
}

}  // namespace stipend::engine
