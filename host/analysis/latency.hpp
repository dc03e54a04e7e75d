// How long answers took.
#pragma once

#include <vector>

#include "host/analysis/context.hpp"
#include "host/analysis/numbers.hpp"

namespace stipend::analysis {

// Counts of durations with 16 steps for each power of two: a percentile is at most 6.25 % above the exact one. [value]
class Durations {
  public:
    void add(std::int64_t ns);  // negative ones count as 0
    void add(const Durations& other);
    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] std::int64_t largest() const { return largest_; }
    [[nodiscard]] std::int64_t mean() const;  // 0 without any
    // The end of the step in which `percent` of them are reached; at most the largest. 0 without any.
    [[nodiscard]] std::int64_t percentile(unsigned percent) const;

  private:
    [[nodiscard]] static std::size_t step_of(std::uint64_t ns);
    [[nodiscard]] static std::uint64_t end_of(std::size_t step);  // the largest of it
    std::size_t first_ = 0;                                       // step of counts_.front()
    std::vector<std::uint32_t> counts_;
    std::uint64_t count_ = 0;
    uint128 sum_ = 0;
    std::int64_t largest_ = 0;
};

// Of checks that were answered well, for each group.
class Latency final : public Analysis {
  public:
    explicit Latency(const Context& context) : context_(context), sums_(context) {}
    Result<void> take(const Check& check) override;
    Result<Report> finish() override;

  private:
    [[nodiscard]] Json row_of(const std::string& name, const Durations& durations) const;
    const Context& context_;
    Grouped<Durations> sums_;
};

}  // namespace stipend::analysis
