// The tier table: the multiplier and the delay for each uptime. It is configuration: any number of tiers, any names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stipend/config.hpp"

namespace payment {

inline constexpr std::size_t max_tiers = 64;
inline constexpr std::int64_t max_multiplier = 1'000'000'000;  // 1000, in parts per million
inline constexpr std::int64_t max_delay_ns = 30 * stipend::ns_per_day;

struct Tier {
    std::string name;
    std::uint32_t from_ppm = 0;  // the lowest uptime in the tier
    std::uint32_t multiplier_ppm = 0;
    std::int64_t delay_ns = 0;
    bool counts_as_failure = false;  // a valid response in this tier is still a failed check
};

// Tiers from the best to the one that holds 0 %, without gap or overlap.
class TierTable {
  public:
    // Parses one table. Errors: a gap, an overlap, an unreachable tier, a duplicate name, pay for 0 % (a failed job
    // counts as 0 % and is not paid), and, unless `allow_falling_pay`, a tier that pays less per minute than a lower
    // one.
    static stipend::Result<TierTable> parse(const stipend::ConfigView& config, std::int64_t interval_ns,
                                            bool allow_falling_pay);

    // The tier that holds `uptime_ppm`, 0 .. 1,000,000.
    [[nodiscard]] const Tier& find(std::uint32_t uptime_ppm) const {
        auto at = tiers_.begin();
        while (uptime_ppm < at->from_ppm) ++at;
        return *at;
    }
    [[nodiscard]] const std::vector<Tier>& tiers() const { return tiers_; }  // from the best down

  private:
    std::vector<Tier> tiers_;
};

}  // namespace payment
