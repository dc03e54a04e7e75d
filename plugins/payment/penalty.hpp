// Progressive punishment: min(floor(interval x multiplier^n), cap) seconds for n failures in a row.
#pragma once

#include <cstdint>
#include <vector>

namespace payment {

struct Punishment {
    std::uint32_t multiplier_milli = 2000;  // 1000 .. 100000: 1 to 100 with three decimals
    std::int64_t cap_s = 3600;
};

// All penalties of one interval, worked out once and exactly, until the cap is reached for good.
class PenaltyTable {
  public:
    PenaltyTable() = default;
    PenaltyTable(std::int64_t interval_ns, Punishment punishment);

    [[nodiscard]] std::int64_t interval_ns() const { return interval_ns_; }
    // Whole seconds after n failures in a row, for any n.
    [[nodiscard]] std::int64_t seconds(std::uint32_t n) const {
        return n < seconds_.size() ? seconds_[n] : seconds_.back();
    }

  private:
    std::int64_t interval_ns_ = 0;
    std::vector<std::int64_t> seconds_ = {0};
};

}  // namespace payment
