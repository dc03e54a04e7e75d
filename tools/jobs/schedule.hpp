// When each job of a load is to begin. Pure, and the same for the same seed.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string_view>

#include "stipend/result.hpp"

namespace stipend::jobs {

// So many thousandths of a job in so many nanoseconds.
struct Rate {
    std::int64_t millijobs = 10'000;
    std::int64_t per_ns = 60'000'000'000;

    [[nodiscard]] double per_second() const;
};
inline constexpr std::int64_t max_jobs_per_second = 200'000;

// "10" (a minute), "100/s", "600/m", "5.5/h". INVALID: 0, finer than a thousandth, or more than max_jobs_per_second.
Result<Rate> parse_rate(std::string_view text);

enum class Arrivals : std::uint8_t {
    constant,  // one interval apart
    poisson,   // at random, as from many clients that know nothing of each other
};

class Schedule {
  public:
    Schedule(Rate rate, Arrivals arrivals, std::int64_t duration_ns, std::uint64_t seed);

    // The planned start of the next job, in nanoseconds from the beginning; nothing after the last one.
    [[nodiscard]] std::optional<std::int64_t> next() const;
    // Goes on to the job after it.
    void pop();
    [[nodiscard]] std::uint64_t popped() const { return popped_; }

  private:
    [[nodiscard]] std::int64_t gap();

    Rate rate_;
    Arrivals arrivals_;
    std::int64_t duration_ns_;
    std::mt19937_64 random_;
    std::uint64_t popped_ = 0;
    std::int64_t next_ns_ = 0;
};

}  // namespace stipend::jobs
