// What a manager's answers mean for a worker's membership.
#include <algorithm>
#include <charconv>

#include "host/base/printable.hpp"
#include "host/base/time.hpp"
#include "host/worker/membership.hpp"
#include "stipend/abi/host.h"
#include "stipend/headers.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::worker {
namespace {

constexpr std::size_t max_challenge_bytes = 256;
constexpr std::size_t max_detail_bytes = 300;
constexpr std::int64_t most_interval_s = 86'400;
constexpr std::int64_t usual_interval_s = 60;

std::string member_text(const Json& object, std::string_view name) {
    const auto* found = object.find(name);
    return found != nullptr && (found->is(Json::Kind::string) || found->is(Json::Kind::number)) ? found->text()
                                                                                                : std::string();
}

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size() && out >= 0 ? std::optional(out) : std::nullopt;
}

std::int64_t retry_after_ns(const http::HttpResponse& response) {
    const auto value = find_header(response.headers, "retry-after");
    const auto seconds = value ? whole_number(*value) : std::nullopt;
    return std::min(seconds.value_or(0), Membership::most_wanted_pause_ns / ns_per_s) * ns_per_s;
}

MembershipState state_of(std::string_view name) {
    for (const auto state : {MembershipState::approved, MembershipState::disconnected}) {
        if (name == name_of(state)) return state;
    }
    return MembershipState::unapproved;
}

}  // namespace

// A manager's own words, without a secret that it sends back.
std::string Membership::detail_of(const http::HttpResponse& response) const {
    const auto json = parse_json(response.body);
    auto detail = json ? member_text(*json, "detail") : std::string();
    for (const auto& secret : {settings_.secret, std::string(own_secret())}) {
        if (!secret.empty() && detail.find(secret) != std::string::npos) detail.clear();
    }
    auto out = cat("status ", response.status);
    if (!detail.empty()) out += ": " + printable_line(clip(detail, max_detail_bytes));
    return out;
}

void Membership::registered(Result<void> sent, const http::HttpResponse& response, const std::string& as,
                            bool by_common) {
    if (sent && response.status == 200) return accept_registration(response, as);
    if (sent && response.status == 401 && by_common) {
        // Its answer may have been lost before the common secret became another one.
        tried_own_ = true;
        next_at_ = 0;
        problem_ = cat("the common secret was refused: ", detail_of(response));
        return;
    }
    if (sent && response.status == 401) {
        if (secret_->registered) {
            return refuse(
                cat("the manager refuses the id's own secret, which was replaced or revoked. Have an "
                    "administrator of the manager run `stipend orchestrator rotate-secret ",
                    settings_.orchestrator_id,
                    "`, and set manager.own_secret (ORCHESTRATOR_OWN_SECRET) to what it prints"));
        }
        return refuse(settings_.secret.empty()
                          ? "the manager does not know this id: set manager.secret (MANAGER_SECRET) to the manager's "
                            "registration.secret, or join by an invitation: `stipend worker join`"
                          : "the manager refuses manager.secret (MANAGER_SECRET): it is not its registration.secret, "
                            "or the manager takes no newcomers");
    }
    if (sent && response.status == 409 && by_common) {
        return refuse(cat(detail_of(response),
                          ". Where this id is yours and its secret is lost, have an administrator of the manager run "
                          "`stipend orchestrator rotate-secret ",
                          settings_.orchestrator_id,
                          "`, and set manager.own_secret (ORCHESTRATOR_OWN_SECRET) to what it prints"));
    }
    refuse_or_retry(std::move(sent), response, "the registration");
}

void Membership::accept_registration(const http::HttpResponse& response, const std::string& as) {
    const auto json = parse_json(response.body);
    auto challenge = json ? member_text(*json, "challenge") : std::string();
    if (challenge.empty() || challenge.size() > max_challenge_bytes) {
        return try_later("an answer without a challenge: is manager.url the manager's own address?");
    }
    store_registered();
    registered_as_ = as;
    challenge_ = std::move(challenge);
    challenge_at_ = parts_.now();
    proof_due_ = next_at_ = 0;  // a proof shows at once whether the secret is the right one
    problem_.clear();
    const auto state = state_of(member_text(*json, "state"));
    set_state(state);
    say(STIPEND_LOG_INFO,
        cat("registered with ", settings_.url, " as ", settings_.orchestrator_id, ": ", name_of(state)));
}

void Membership::proven(Result<void> sent, const http::HttpResponse& response) {
    if (sent && (response.status == 401 || response.status == 404)) {
        // The challenge is used up or too old, or the id is gone: a registration says which.
        challenge_.clear();
        if (failures_ == 0) {
            ++failures_;
            next_at_ = 0;
            return;
        }
        return try_later(cat("the proof was refused: ", detail_of(response)));
    }
    if (!sent || response.status != 200) return refuse_or_retry(std::move(sent), response, "the proof");
    const auto json = parse_json(response.body);
    if (!json) return try_later("an answer to a proof that is no JSON");
    const auto now = parts_.now();
    failures_ = 0;
    problem_.clear();
    last_proof_ = now;
    challenge_ = member_text(*json, "challenge");
    if (challenge_.size() > max_challenge_bytes) challenge_.clear();
    challenge_at_ = now;
    const auto named = whole_number(member_text(*json, "next_proof_required")).value_or(usual_interval_s);
    const auto interval_ns = std::clamp<std::int64_t>(named, 1, most_interval_s) * ns_per_s;
    // A little before it is due, and not all workers at once.
    proof_due_ = next_at_ = now + interval_ns - spread(interval_ns / 5);
    const auto* payout = json->find("payout_proven");
    if (payout != nullptr && payout->is(Json::Kind::boolean)) payout_proven_ = payout->truth();
    const auto state = state_of(member_text(*json, "state"));
    set_state(state);
    const auto* reached = json->find("endpoint_reached");
    if (reached != nullptr && reached->is(Json::Kind::boolean) && !reached->truth()) {
        problem_ = printable_line(clip(member_text(*json, "message"), max_detail_bytes));
        return say(STIPEND_LOG_WARN, cat("the manager does not reach ", settings_.endpoint, ": ", problem_));
    }
    say(STIPEND_LOG_INFO,
        cat("registered with ", settings_.url, " as ", settings_.orchestrator_id, ": ", name_of(state)));
}

void Membership::refuse_or_retry(Result<void> sent, const http::HttpResponse& response, std::string_view what) {
    if (!sent) return try_later(cat(what, ": ", sent.error().message));
    const auto status = response.status;
    if (status == 429 || status == 408 || status >= 500) {
        return try_later(cat(what, ": ", detail_of(response)), retry_after_ns(response));
    }
    refuse(cat(what, ": ", detail_of(response)));
}

}  // namespace stipend::worker
