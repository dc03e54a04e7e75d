// Durations as text: a number and its unit, "90s", "1.5h", "250ms".
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "stipend/decimal.hpp"

namespace stipend {

inline constexpr std::int64_t ns_per_us = 1'000;
inline constexpr std::int64_t ns_per_ms = 1'000'000;
inline constexpr std::int64_t ns_per_s = 1'000'000'000;
inline constexpr std::int64_t s_per_day = 86'400;
inline constexpr std::int64_t ns_per_day = s_per_day * ns_per_s;

// Nanoseconds of "60s"; units are ms, s, m, h and d. INVALID without a unit, below zero, or finer than a nanosecond.
[[nodiscard]] inline Result<std::int64_t> parse_duration(std::string_view text) {
    struct Unit {
        std::string_view name;
        std::int64_t ns;
    };
    static constexpr std::array<Unit, 5> units{
        {{"ms", ns_per_ms}, {"s", ns_per_s}, {"m", 60 * ns_per_s}, {"h", 3600 * ns_per_s}, {"d", ns_per_day}}};
    const auto split = text.find_last_of("0123456789.");
    const auto name = split == std::string_view::npos ? text : text.substr(split + 1);
    for (const auto& unit : units) {
        if (unit.name != name) continue;
        STIPEND_LET(number, Decimal::parse(text.substr(0, split + 1)));
        if (number.negative()) break;
        // The finest step is 10^-9 of a unit, so the product below is exact.
        STIPEND_LET(scaled, number.exact_scaled(9));
        const auto product = static_cast<uint128>(scaled) * static_cast<uint128>(unit.ns);
        if (product % ns_per_s != 0) break;
        const auto ns = product / ns_per_s;
        if (ns > static_cast<uint128>(std::numeric_limits<std::int64_t>::max())) {
            return fail(STIPEND_E_LIMIT, "duration too long: ", text);
        }
        return static_cast<std::int64_t>(ns);
    }
    return fail(STIPEND_E_INVALID, "not a duration: got \"", clip(text, 40),
                "\", want a number with a unit, such as 60s, 1.5h or 250ms");
}

// The shortest exact spelling in one unit: 90 s is "90s", 3600 s is "1h".
[[nodiscard]] inline std::string duration_text(std::int64_t ns) {
    if (ns % ns_per_s != 0) return scaled_text(ns, 6) + "ms";
    const std::int64_t seconds = ns / ns_per_s;
    if (seconds == 0) return "0s";
    if (seconds % s_per_day == 0) return cat(seconds / s_per_day, "d");
    if (seconds % 3600 == 0) return cat(seconds / 3600, "h");
    if (seconds % 60 == 0 && seconds >= 600) return cat(seconds / 60, "m");
    return cat(seconds, "s");
}

}  // namespace stipend
