#include "host/auth/challenge.hpp"

#include <algorithm>

#include "host/auth/crypto.hpp"

namespace stipend::auth {
namespace {

constexpr std::size_t challenge_bytes = 32;
constexpr std::size_t max_challenge_id_bytes = 256;

}  // namespace

std::string_view name_of(ChallengeFault fault) {
    switch (fault) {
        case ChallengeFault::none:
            return "none";
        case ChallengeFault::unknown:
            return "unknown";
        case ChallengeFault::expired:
            return "expired";
    }
    return "unknown";
}

ChallengeStore::ChallengeStore(ChallengeLimits limits) : limits_(limits) {
    STIPEND_ASSERT(limits.per_id > 0 && limits.in_all > 0 && limits.lifetime_ns > 0);
}

bool ChallengeStore::is_expired(const Issued& issued, stipend_unix_ns now) const {
    return now - issued.at >= limits_.lifetime_ns;
}

void ChallengeStore::drop(Place place) {
    const auto entry = by_id_.find(place->id);
    std::erase(entry->second, place);
    if (entry->second.empty()) by_id_.erase(entry);
    all_.erase(place);
}

Result<std::string> ChallengeStore::issue(std::string_view id, stipend_unix_ns now) {
    if (id.empty() || id.size() > max_challenge_id_bytes) {
        return fail(STIPEND_E_INVALID, "not an id of challenges: got ", id.size(), " bytes, want 1 to ",
                    max_challenge_id_bytes);
    }
    STIPEND_LET(text, random_hex(challenge_bytes));
    while (!all_.empty() && is_expired(all_.front(), now)) drop(all_.begin());
    const auto known = by_id_.find(id);
    if (known != by_id_.end() && known->second.size() >= limits_.per_id) drop(known->second.front());
    if (all_.size() >= limits_.in_all) drop(all_.begin());
    all_.push_back({.id = std::string(id), .text = text, .at = now});
    by_id_[std::string(id)].push_back(std::prev(all_.end()));
    return std::move(text);
}

ChallengeFault ChallengeStore::take(std::string_view id, std::string_view challenge, stipend_unix_ns now) {
    const auto known = by_id_.find(id);
    if (known == by_id_.end()) return ChallengeFault::unknown;
    const auto place = std::find_if(known->second.begin(), known->second.end(), [&](const Place& candidate) {
        return equal_in_constant_time(std::string_view(candidate->text), challenge);
    });
    if (place == known->second.end()) return ChallengeFault::unknown;
    const bool expired = is_expired(**place, now);
    drop(*place);
    return expired ? ChallengeFault::expired : ChallengeFault::none;
}

void ChallengeStore::forget(std::string_view id) {
    for (auto known = by_id_.find(id); known != by_id_.end(); known = by_id_.find(id)) {
        drop(known->second.front());
    }
}

}  // namespace stipend::auth
