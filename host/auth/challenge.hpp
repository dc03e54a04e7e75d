// Challenges: texts that are issued for one id, expire, and are taken once. One thread at a time; memory is bounded by
// the limits. The time is an argument, and may step back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "stipend/abi/types.h"
#include "stipend/result.hpp"

namespace stipend::auth {

struct ChallengeLimits {
    std::size_t per_id = 8;
    std::size_t in_all = 10'000;
    std::int64_t lifetime_ns = 300'000'000'000;
};

enum class ChallengeFault : std::uint8_t {
    none,
    unknown,  // never issued for this id, taken already, or dropped by a limit
    expired,
};
[[nodiscard]] std::string_view name_of(ChallengeFault fault);

class ChallengeStore {
  public:
    explicit ChallengeStore(ChallengeLimits limits = {});

    // 32 random bytes as hex. Older challenges of the id stay valid; beyond a limit the oldest one is dropped. INVALID:
    // an empty id or one of more than 256 bytes. INTERNAL: no random bytes; nothing is changed.
    [[nodiscard]] Result<std::string> issue(std::string_view id, stipend_unix_ns now);

    // Takes a challenge that was issued for this id, so that it is not taken again, also where it has expired.
    [[nodiscard]] ChallengeFault take(std::string_view id, std::string_view challenge, stipend_unix_ns now);

    // Forgets all challenges of an id, as when it is removed.
    void forget(std::string_view id);
    [[nodiscard]] std::size_t size() const { return all_.size(); }

  private:
    struct Issued {
        std::string id;
        std::string text;
        stipend_unix_ns at;
    };
    using Place = std::list<Issued>::iterator;
    [[nodiscard]] bool is_expired(const Issued& issued, stipend_unix_ns now) const;
    void drop(Place place);

    ChallengeLimits limits_;
    std::list<Issued> all_;  // oldest first
    std::map<std::string, std::vector<Place>, std::less<>> by_id_;
};

}  // namespace stipend::auth
