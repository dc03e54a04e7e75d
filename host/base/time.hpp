// Clocks and the text of points in time. Records carry UTC nanoseconds; deadlines carry monotonic ones.
#pragma once

#include <string>
#include <string_view>

#include "stipend/duration.hpp"
#include "stipend/result.hpp"

namespace stipend {

// Where the time comes from; virtual in tests. Thread-safe.
class Clock {
  public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual stipend_unix_ns now() const = 0;
    [[nodiscard]] virtual stipend_mono_ns monotonic() const = 0;
};

class SystemClock final : public Clock {
  public:
    [[nodiscard]] stipend_unix_ns now() const override;
    [[nodiscard]] stipend_mono_ns monotonic() const override;
};

// "2026-11-22T06:25:06.123Z", always 24 characters, UTC; years 1970 to 2262.
[[nodiscard]] std::string utc_text(stipend_unix_ns at);
// The time that the text of `at` (not before 1970) stands for.
[[nodiscard]] constexpr stipend_unix_ns floor_ms(stipend_unix_ns at) {
    return at / 1'000'000 * 1'000'000;
}
// Reads an RFC 3339 time in UTC or with an offset; fractions up to nanoseconds.
[[nodiscard]] Result<stipend_unix_ns> parse_utc(std::string_view text);

}  // namespace stipend
