// What the secret of a peer proves: the common one, or the own one of an id. Failures are throttled.
#include "host/auth/checked.hpp"
#include "host/base/printable.hpp"
#include "host/base/sha256.hpp"
#include "host/engine/registrar.hpp"

namespace stipend::engine {

Registrar::Proof Registrar::check_secret(const api::Request& request, std::string_view id, bool takes_common) {
    if (const auto wait_s = begin_attempt(request); wait_s > 0) {
        return {.refusal = api::problem_later(429, "too many requests", wait_s)};
    }
    const auto hash = sha256(request.credential);
    Proof out;
    out.common = takes_common && !parts_.common_secret.empty() && auth::equal_in_constant_time(hash, common_hash_);
    const auto owns = parts_.store->owns(id, hash);
    if (!owns) {
        parts_.log(owns.error().message);
        return {.refusal = api::problem(500, "the host failed; its log says why")};
    }
    out.own = *owns;
    if (!out.common && !out.own) {
        parts_.log(cat("registration: refused from ", request.client.text(), ": wrong secret",
                       id.empty() ? std::string() : " for " + printable_line(clip(id, 128))));
        out.refusal = api::problem(401, auth::refused_answer);
        return out;
    }
    succeeded(request);
    return out;
}

std::int64_t Registrar::begin_attempt(const api::Request& request) {
    const std::lock_guard lock(mutex_);
    return throttle_.begin({}, request.client, parts_.clock->monotonic());
}

void Registrar::succeeded(const api::Request& request) {
    const std::lock_guard lock(mutex_);
    throttle_.succeeded({}, request.client);
}

std::optional<api::Reply> Registrar::refuse_other(const api::Request& request, std::string_view id) {
    return check_secret(request, id, false).refusal;
}

bool Registrar::owns(std::string_view id, const Sha256& secret) {
    const auto found = parts_.store->owns(id, secret);
    return found && *found;
}

}  // namespace stipend::engine
