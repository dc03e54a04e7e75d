// Sums of time and money of many orchestrators, and the text of figures. Time and money are exact; a division happens
// once, last, and rounds down.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/ledger/rows.hpp"
#include "stipend/decimal.hpp"
#include "stipend/duration.hpp"
#include "stipend/json.hpp"

namespace stipend::analysis {

inline constexpr std::int64_t ns_per_hour = 3600 * ns_per_s;

// Checks, and the time of their periods by what is known of it, in nanoseconds.
struct Times {
    uint128 up = 0;
    uint128 down = 0;     // of checks that were answered: what their uptime leaves
    uint128 failed = 0;   // of checks that failed by the orchestrator's own fault: counts as down
    uint128 excused = 0;  // of failed checks that a pardon took back: the payer's fault, never down
    std::uint64_t checks = 0;
    std::uint64_t failures = 0;  // without the excused ones
    std::uint64_t excuses = 0;

    [[nodiscard]] uint128 measured() const { return up + down + failed; }
    [[nodiscard]] uint128 bad() const { return down + failed; }
    void add(const Times& other);
};

// Of one decision. A period counts whole, when it was decided. [pure]
[[nodiscard]] Times times_of(const ledger::Decision& decision, bool excused);

// Parts per million that were up of what is measured; none: nothing is. [pure]
[[nodiscard]] std::optional<std::uint32_t> uptime_ppm(const Times& times);

// US dollars of either sign, in 1e-8.
struct Money {
    __int128_t e8 = 0;
    void add(Usd usd) { e8 += usd.count_e8(); }
};

// Hours to four decimals, as a number. [pure]
[[nodiscard]] Json hours(uint128 ns);
// Percent to four decimals, as a number; null where there is none. [pure]
[[nodiscard]] Json percent(std::optional<std::uint32_t> ppm);
// The shortest exact decimal number of dollars. [pure]
[[nodiscard]] std::string usd_text(const Money& money);
// What an hour of uptime cost, to 1e-8 USD; null where there was none, or where it is beyond int64. [pure]
[[nodiscard]] Json usd_per_hour(const Money& money, uint128 up_ns);
// A statistic, which decides no money, with so many decimals at most. [pure]
[[nodiscard]] Json rounded(double value, int decimals);

}  // namespace stipend::analysis
