// The UTC day that a payment counts in, from a clock that is trusted only as far as it agrees with itself.
#pragma once

#include <cstdint>

#include "tools/signer/refusal.hpp"

namespace stipend::signer {

inline constexpr std::int64_t seconds_per_day = 86'400;

struct ClockReading {
    std::int64_t wall_s = 0;  // since 1970
    std::int64_t boot_s = 0;  // since the system's start, time asleep included
};

class DayClock {
  public:
    static constexpr std::int64_t max_drift_s = 300;  // of the wall clock, since the process began
    static constexpr std::int64_t max_back_s = 5;     // behind the last signature

    explicit DayClock(ClockReading start) : start_(start) {}

    // The time to count at, in seconds since 1970, never before `last_s`, that of the last signature. Refused: the wall
    // clock was set since the process began, or is behind the last signature.
    [[nodiscard]] Judged<std::int64_t> at(ClockReading now, std::int64_t last_s) const {
        const auto drift = (now.wall_s - start_.wall_s) - (now.boot_s - start_.boot_s);
        if (drift > max_drift_s || drift < -max_drift_s) {
            return refuse("clock", "the clock was set by ", drift,
                          " s since this process began: restart it when it is right");
        }
        if (now.wall_s < last_s - max_back_s) {
            return refuse("clock", "the clock is ", last_s - now.wall_s, " s behind the last signature");
        }
        return now.wall_s < last_s ? last_s : now.wall_s;
    }

  private:
    ClockReading start_;
};

[[nodiscard]] ClockReading read_clock();

}  // namespace stipend::signer
