// The host's own UTC: read once from the wall clock, then carried by the monotonic one, so that a wall clock which is
// set neither repeats nor skips a schedule.
#pragma once

#include "host/base/time.hpp"

namespace stipend {

class TimeLine {
  public:
    explicit TimeLine(const Clock& clock) : clock_(clock), offset_ns_(clock.now() - clock.monotonic()) {}

    [[nodiscard]] stipend_unix_ns now() const { return clock_.monotonic() + offset_ns_; }
    // The monotonic instant of a time of this line; for deadlines.
    [[nodiscard]] stipend_mono_ns monotonic_of(stipend_unix_ns at) const { return at - offset_ns_; }
    // How far the wall clock has been set ahead of this line since the start; negative: behind.
    [[nodiscard]] std::int64_t skew_ns() const { return clock_.now() - now(); }

  private:
    const Clock& clock_;
    std::int64_t offset_ns_;
};

}  // namespace stipend
