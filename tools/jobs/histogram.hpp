// A histogram of durations with three significant digits over its whole range (HDR): what is read from it is at most a
// thousandth above what was recorded, and its size does not depend on how much is.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace stipend::jobs {

class Histogram {
  public:
    static constexpr std::int64_t max_us = 86'400'000'000;  // a longer duration counts as this

    // In microseconds; below 0 counts as 0.
    void record(std::int64_t us);
    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] std::int64_t max() const { return max_; }
    // The duration that so many thousandths of all are within, in microseconds; nothing if there is none.
    [[nodiscard]] std::optional<std::int64_t> percentile(std::uint32_t permille) const;

  private:
    std::vector<std::uint64_t> counts_;  // as long as the longest duration needs
    std::uint64_t count_ = 0;
    std::int64_t max_ = 0;
};

}  // namespace stipend::jobs
