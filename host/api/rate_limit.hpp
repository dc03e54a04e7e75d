// How many requests of a kind a client may make: a token bucket for each client and kind. One thread at a time; memory
// is bounded.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "stipend/abi/types.h"

namespace stipend::api {

enum class RateClass : std::uint8_t { login, read, write };

struct RateRule {
    std::int64_t per_minute = 0;
    std::int64_t burst = 1;
};

class RateLimits {
  public:
    // By RateClass.
    using Rules = std::array<RateRule, 3>;
    static constexpr Rules defaults{{{30, 10}, {1200, 200}, {120, 30}}};
    static constexpr std::size_t max_clients = 10'000;

    explicit RateLimits(const Rules& rules = defaults) : rules_(rules) {}
    // Counts a request of `client`. The seconds until it may come again, as for Retry-After; 0: it may now.
    [[nodiscard]] std::int64_t take(std::string_view client, RateClass kind, stipend_mono_ns now);
    [[nodiscard]] std::size_t size() const { return order_.size(); }

  private:
    using Key = std::pair<RateClass, std::string>;
    struct Bucket {
        Key key;
        stipend_mono_ns full_at;  // when all of its tokens are back
    };
    Rules rules_;
    std::list<Bucket> order_;                            // the one used last first
    std::map<Key, std::list<Bucket>::iterator> by_key_;  // a tree: peers choose some of the keys
};

}  // namespace stipend::api
