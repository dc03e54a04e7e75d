// The engine's clock, estimated from the `Date` of its answers and carried by the monotonic clock. Times of events and
// of runs are the engine's, so whatever is compared with them comes from here. Pure; one thread.
#pragma once

#include <optional>
#include <string_view>

#include "stipend/abi/types.h"

namespace monitor::docker {

// A time in the form of an HTTP `Date`: "Wed, 26 Nov 2025 05:36:10 GMT".
std::optional<stipend_unix_ns> parse_date(std::string_view text);

class EngineClock {
  public:
    // Until the first answer the engine's clock is taken to be the host's.
    EngineClock(stipend_unix_ns wall, stipend_mono_ns mono) : ahead_(wall - mono) {}

    // Takes the date of an answer whose request was sent at `sent` and that arrived at `received`; `wall` is the host's
    // wall clock at `received`. Without a date the engine's clock is taken to be the host's. Returns by how much the
    // engine's clock was stepped since the last answer; 0: it was not.
    std::int64_t take(std::optional<stipend_unix_ns> date, stipend_mono_ns sent, stipend_mono_ns received,
                      stipend_unix_ns wall);

    [[nodiscard]] stipend_unix_ns at(stipend_mono_ns mono) const { return mono + ahead_; }

  private:
    std::int64_t ahead_;  // of the monotonic clock
    // The dates so far allow any value of `ahead_` between these.
    std::int64_t least_ = 0;
    std::int64_t most_ = 0;
    bool dated_ = false;  // there was an answer
};

}  // namespace monitor::docker
