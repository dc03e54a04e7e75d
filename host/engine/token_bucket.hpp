// How fast jobs may go out. A job that comes too early is delayed, never dropped. Pure: the caller brings the time.
#pragma once

#include <algorithm>
#include <cstdint>

namespace stipend::engine {

// At most `burst` at once and one more every `step_ns`. A step of 0 limits nothing.
struct Rate {
    std::int64_t step_ns = 0;
    std::int64_t burst = 1;
    friend bool operator==(const Rate&, const Rate&) = default;

    [[nodiscard]] bool unlimited() const { return step_ns == 0; }
};

// The generic cell rate algorithm: one number is the whole state.
class TokenBucket {
  public:
    // When the next job may go out; `now_ns` or earlier: at once.
    [[nodiscard]] std::int64_t ready_at_ns(const Rate& rate) const {
        return full_at_ns_ - (rate.burst - 1) * rate.step_ns;
    }
    // A job goes out.
    void take(const Rate& rate, std::int64_t now_ns) { full_at_ns_ = std::max(full_at_ns_, now_ns) + rate.step_ns; }

  private:
    std::int64_t full_at_ns_ = INT64_MIN / 2;
};

}  // namespace stipend::engine
