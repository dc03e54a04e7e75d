#include "host/worker/membership.hpp"

#include <algorithm>

#include "host/auth/crypto.hpp"
#include "host/base/percent.hpp"
#include "host/base/printable.hpp"
#include "host/base/sha256.hpp"
#include "host/base/time.hpp"
#include "stipend/abi/host.h"
#include "stipend/json_parse.hpp"

namespace stipend::worker {
namespace {

constexpr std::uint32_t request_timeout_ms = 20'000;
constexpr std::uint64_t max_answer_bytes = 64 << 10;
constexpr std::int64_t first_pause_ns = ns_per_s;
constexpr unsigned max_doublings = 10;
constexpr unsigned patient_tries = 3;

Json list_of(const std::vector<std::string>& texts) {
    auto out = Json::array();
    for (const auto& text : texts) out.push(text);
    return out;
}

}  // namespace

std::string_view name_of(MembershipState state) {
    static constexpr std::string_view names[] = {"off",      "starting",     "registering", "unapproved",
                                                 "approved", "disconnected", "unreachable", "refused"};
    static_assert(std::size(names) == membership_states);
    return names[static_cast<std::size_t>(state)];
}

Result<WorkerIdentity> identity_of(std::string_view report) {
    STIPEND_LET(json, parse_json(report));
    const auto text = [&](std::string_view name) {
        const auto* found = json.find(name);
        return found != nullptr && found->is(Json::Kind::string) ? found->text() : std::string();
    };
    if (const auto problem = text("key_problem"); !problem.empty()) {
        return fail(STIPEND_E_STATE, "the plugin has no key to sign with: ", problem);
    }
    WorkerIdentity out{.worker_key = text("worker_key"), .orchestrator_id = text("orchestrator_id")};
    // A registration without it would take the key from one that is there, and with it the pay.
    if (out.worker_key.empty()) return fail(STIPEND_E_STATE, "the plugin that answers jobs reports no worker_key yet");
    return out;
}

template <class Work>
auto Membership::current(Work work) {
    return [run = std::weak_ptr<const int>(run_), work = std::move(work)](auto&&... arguments) mutable {
        if (!run.expired()) work(std::forward<decltype(arguments)>(arguments)...);
    };
}

void Membership::set(const config::Membership& settings) {
    if (stopped_) return;
    const bool same_secret = settings.url == settings_.url && settings.orchestrator_id == settings_.orchestrator_id &&
                             settings.own_secret == settings_.own_secret;
    if (request_ != 0) parts_.http->cancel(request_);
    run_ = std::make_shared<int>(0);  // what is under way answers to nothing any more
    busy_ = false;
    request_ = 0;
    settings_ = settings;
    identity_.reset();
    next_at_ = 0;
    failures_ = 0;
    tried_own_ = false;
    if (!same_secret) {
        secret_.reset();
        registered_as_.clear();
        challenge_.clear();
        last_proof_ = 0;
        payout_proven_.reset();
    }
    problem_.clear();
    said_.clear();
    if (!has_manager()) return set_state(MembershipState::off);
    if (registered_as_.empty()) set_state(MembershipState::starting);
}

void Membership::stop() {
    stopped_ = true;
    run_.reset();
    if (request_ != 0) parts_.http->cancel(std::exchange(request_, 0));
}

std::optional<stipend_unix_ns> Membership::tick(stipend_unix_ns now) {
    if (stopped_ || !has_manager() || busy_) return std::nullopt;
    if (now >= next_at_) {
        if (!secret_) {
            load_secret();
        } else if (!identity_) {
            identify();
        } else if (registered_as_ != registration_body(false) || challenge_.empty()) {
            send_registration();
        } else if (now < proof_due_) {
            next_at_ = proof_due_;
        } else if (now - challenge_at_ > challenge_age_ns) {
            send_registration();  // which gives a new challenge
        } else {
            send_proof();
        }
    }
    return busy_ ? std::nullopt : std::optional(next_at_);
}

void Membership::load_secret() {
    if (!settings_.own_secret.empty()) {
        secret_ = OwnSecret{.orchestrator_id = settings_.orchestrator_id,
                            .url = settings_.url,
                            .secret = settings_.own_secret,
                            .registered = true};
        return;  // the next turn goes on
    }
    busy_ = true;
    auto done = current([this](Result<OwnSecret> read) {
        busy_ = false;
        if (!read) return refuse(read.error().message);
        secret_ = std::move(*read);
    });
    parts_.block([folder = parts_.folder(), id = settings_.orchestrator_id, url = settings_.url, post = parts_.post,
                  done = std::move(done)]() mutable {
        auto read = read_or_make_own_secret(folder, id, url);
        post([read = std::move(read), done = std::move(done)]() mutable { done(std::move(read)); });
    });
}

void Membership::identify() {
    busy_ = true;
    parts_.identify(current([this](Result<WorkerIdentity> found) {
        busy_ = false;
        if (!found) return wait_for_key(found.error().message);
        identity_ = std::move(*found);
        failures_ = 0;
        problem_.clear();
        const auto& named = identity_->orchestrator_id;
        if (!named.empty() && named != settings_.orchestrator_id) {
            parts_.log(STIPEND_LOG_WARN, cat("the worker signs evidence for ", printable_line(named),
                                             ", and registers as ", settings_.orchestrator_id,
                                             ": no answer of it will count. Set orchestrator_id in worker.config, or "
                                             "in that of one of workers, to the same id"));
        }
    }));
}

std::string_view Membership::own_secret() const {
    return secret_->secret;
}

// Without the secret it is the text by which a change is seen.
std::string Membership::registration_body(bool with_secret) const {
    auto out = Json::object()
                   .append("orchestrator_id", settings_.orchestrator_id)
                   .append("endpoint", settings_.endpoint)
                   .append("capabilities", list_of(settings_.capabilities))
                   .append("eth_address", settings_.payout_address);
    if (!settings_.service_addresses.empty()) {
        out.append("service_addresses", list_of(settings_.service_addresses));
    }
    out.append("worker_key", identity_->worker_key);
    if (with_secret) out.append("secret", std::string(own_secret()));
    return out.dump();
}

// The first time with the common secret, and with the own one in the body: whatever becomes of the answer, the same
// request is accepted again.
void Membership::send_registration() {
    const bool by_common = !secret_->registered && !settings_.secret.empty() && !tried_own_;
    if (state_ != MembershipState::approved && state_ != MembershipState::unapproved &&
        state_ != MembershipState::disconnected && problem_.empty()) {
        set_state(MembershipState::registering);
    }
    send("/api/v1/livepeer/orchestrators/register", registration_body(by_common),
         by_common ? std::string_view(settings_.secret) : own_secret(),
         [this, as = registration_body(false), by_common](Result<void> sent, const http::HttpResponse& response) {
             registered(std::move(sent), response, as, by_common);
         });
}

void Membership::send_proof() {
    auto text = cat(challenge_, ":", settings_.orchestrator_id, ":", own_secret());
    const auto response = sha256_hex(text);
    auth::wipe(text);
    const auto body = Json::object()
                          .append("orchestrator_id", settings_.orchestrator_id)
                          .append("manager_challenge", challenge_)
                          .append("orchestrator_response", response)
                          .dump();
    send(cat("/api/v1/livepeer/orchestrators/", url_part(settings_.orchestrator_id), "/proof"), body, own_secret(),
         [this](Result<void> sent, const http::HttpResponse& answer) { proven(std::move(sent), answer); });
}

void Membership::send(std::string path, std::string body, std::string_view credential,
                      std::function<void(Result<void>, const http::HttpResponse&)> done) {
    http::HttpRequest request{.method = "POST", .url = settings_.url + path};
    request.headers = cat("Content-Type: application/json\r\nAuthorization: Bearer ", credential, "\r\n");
    request.body = std::move(body);
    request.ca_file = settings_.ca;
    request.client_cert_file = settings_.client_certificate;
    request.client_key_file = settings_.client_key;
    request.timeout_ms = request_timeout_ms;
    request.max_response_bytes = max_answer_bytes;
    auto answered = current([this, done = std::move(done)](Result<void> sent, const http::HttpResponse& response) {
        busy_ = false;
        request_ = 0;
        done(std::move(sent), response);
    });
    busy_ = true;
    auto sent = parts_.http->send(std::move(request),
                                  {.on_done = [post = parts_.post, answered](std::uint64_t, Result<void>&& result,
                                                                             http::HttpResponse&& response) mutable {
                                      post([result = std::move(result), response = std::move(response),
                                            answered]() mutable { answered(std::move(result), response); });
                                  }});
    if (sent) {
        request_ = *sent;
        return;
    }
    busy_ = false;
    try_later(sent.error().message);
}

void Membership::store_registered() {
    if (secret_->registered || !settings_.own_secret.empty()) return;
    secret_->registered = true;
    parts_.block([folder = parts_.folder(), secret = *secret_] {
        // If this fails, the worker registers with both secrets once more, and is accepted.
        static_cast<void>(write_own_secret(folder, secret));
    });
}

std::int64_t Membership::spread(std::int64_t ns) const {
    return ns - static_cast<std::int64_t>(parts_.random() % static_cast<std::uint64_t>(ns / 2 + 1));
}

void Membership::try_later(std::string why, std::int64_t at_least_ns) {
    const auto doubled = first_pause_ns << std::min(failures_, max_doublings);
    ++failures_;
    const auto pause_ns = std::max(spread(std::min(doubled, most_pause_ns)), at_least_ns);
    next_at_ = parts_.now() + pause_ns;
    problem_ = std::move(why);
    say(STIPEND_LOG_WARN, cat("the manager does not answer as it should, and is tried again: ", problem_));
    set_state(MembershipState::unreachable);
}

void Membership::wait_for_key(std::string why) {
    next_at_ = parts_.now() + spread(std::min(first_pause_ns << std::min(failures_, max_doublings), most_pause_ns));
    problem_ = std::move(why);
    // A plugin that has just started has none for a moment.
    if (++failures_ > patient_tries) say(STIPEND_LOG_WARN, cat("not registered with the manager yet: ", problem_));
    set_state(MembershipState::starting);
}

void Membership::refuse(std::string why) {
    next_at_ = parts_.now() + spread(refused_pause_ns);
    registered_as_.clear();
    challenge_.clear();
    tried_own_ = false;
    failures_ = 0;
    problem_ = std::move(why);
    say(STIPEND_LOG_ERROR, cat("not registered with the manager: ", problem_));
    set_state(MembershipState::refused);
}

void Membership::set_state(MembershipState state) {
    if (state == state_) return;
    state_ = state;
    since_ = parts_.now();
}

void Membership::say(std::int32_t level, const std::string& text) {
    if (text == said_) return;
    said_ = text;
    parts_.log(level, text);
}

Json Membership::status() const {
    const auto time = [](stipend_unix_ns at) { return at == 0 ? Json() : Json(utc_text(at)); };
    auto out = Json::object().append("state", name_of(state_));
    if (!has_manager()) return out;
    static constexpr std::string_view waits[] = {"",
                                                 "its secret and its key",
                                                 "the manager's answer",
                                                 "an administrator of the manager, by `stipend orchestrator approve`",
                                                 "the next proof",
                                                 "an administrator of the manager, by `stipend orchestrator approve`",
                                                 "the next try",
                                                 "a change of the configuration, or an administrator of the manager"};
    static_assert(std::size(waits) == membership_states);
    return out.append("since", time(since_))
        .append("url", settings_.url)
        .append("orchestrator_id", settings_.orchestrator_id)
        .append("last_proof", time(last_proof_))
        .append("payout_proven", payout_proven_ ? Json(*payout_proven_) : Json())
        .append("problem", problem_.empty() ? Json() : Json(problem_))
        .append("waits_for", waits[static_cast<std::size_t>(state_)])
        .append("next_at", busy_ ? Json() : time(next_at_));
}

}  // namespace stipend::worker
