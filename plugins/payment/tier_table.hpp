// The tier table: which uptime earns which multiplier, and which delay. Data, not code: any number of tiers, any names.
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
    std::uint32_t from_ppm = 0;  // the least uptime that is in it
    std::uint32_t multiplier_ppm = 0;
    std::int64_t delay_ns = 0;
    bool counts_as_failure = false;  // a good answer in this tier is a failed check all the same
};

// Tiers from the best to the one that holds 0 %, without gap or overlap.
class TierTable {
  public:
    // Reads one table. Refused: a gap, an overlap, an unreachable tier, a name twice, pay for 0 % (a failed job is
    // decided as 0 %, and is paid nothing), and, unless `allow_falling_pay`, a tier that pays less per minute than a
    // lower one.
    static stipend::Result<TierTable> parse(const stipend::ConfigView& config, std::int64_t interval_ns,
                                            bool allow_falling_pay);

    // `uptime_ppm` in 0 .. 1,000,000.
    [[nodiscard]] std::size_t find(std::uint32_t uptime_ppm) const {
        std::size_t at = 0;
        while (uptime_ppm < tiers_[at].from_ppm) ++at;
        return at;
    }
    [[nodiscard]] const Tier& operator[](std::size_t at) const { return tiers_[at]; }
    [[nodiscard]] std::size_t size() const { return tiers_.size(); }
    [[nodiscard]] const Tier& lowest() const { return tiers_.back(); }

  private:
    std::vector<Tier> tiers_;
};

// The tables that ship with the plugin, as configuration. Source: the published tier table, and the older flat rule.
extern const std::string_view builtin_tables;

}  // namespace payment
