#include "docker_time.hpp"

#include <chrono>
#include <cstdint>
#include <limits>

#include "stipend/ascii.hpp"

namespace monitor::docker {

using stipend::cat;
using stipend::fail;
using stipend::Result;
using stipend::ascii::is_digit;

Result<stipend_unix_ns> parse_time(std::string_view text) {
    const auto bad = [&] {
        return fail(STIPEND_E_INVALID, "not a time: got \"", stipend::clip(text, 40),
                    "\", want one such as 2026-11-22T09:38:04.089Z");
    };
    constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
    if (text.size() <= shape.size()) return bad();
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (shape[i] == 'd' ? !is_digit(text[i]) : text[i] != shape[i]) return bad();
    }
    const auto two = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
    const auto day = std::chrono::year(two(0) * 100 + two(2)) / two(5) / two(8);
    if (!day.ok() || two(11) > 23 || two(14) > 59 || two(17) > 60) return bad();
    auto rest = text.substr(shape.size());
    std::int64_t fraction_ns = 0;
    if (rest.front() == '.') {
        rest.remove_prefix(1);
        std::int64_t step = 100'000'000;
        std::size_t digits = 0;
        for (; digits < rest.size() && is_digit(rest[digits]); ++digits, step /= 10)
            fraction_ns += (rest[digits] - '0') * step;
        if (digits == 0 || digits > 9) return bad();
        rest.remove_prefix(digits);
    }
    std::int64_t offset_s = 0;
    if (rest != "Z") {
        const bool zone = rest.size() == 6 && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':' &&
                          is_digit(rest[1]) && is_digit(rest[2]) && is_digit(rest[4]) && is_digit(rest[5]);
        if (!zone) return bad();
        const auto from = text.size() - 5;
        offset_s = std::int64_t{two(from) * 60 + two(from + 3)} * (rest[0] == '-' ? -60 : 60);
    }
    const auto seconds = std::int64_t{std::chrono::sys_days(day).time_since_epoch().count()} * 86'400 +
                         std::int64_t{two(11)} * 3600 + std::int64_t{two(14)} * 60 + two(17) - offset_s;
    if (seconds < 0) return 0;
    if (seconds >= std::numeric_limits<std::int64_t>::max() / 1'000'000'000) return bad();
    return seconds * 1'000'000'000 + fraction_ns;
}

std::string time_text(stipend_unix_ns at) {
    const auto ms = at / 1'000'000;
    const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(ms)};
    const auto days = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(days);
    const std::chrono::hh_mm_ss clock(time - days);
    const auto pad = [](std::int64_t value, std::size_t width) {
        auto text = std::to_string(value);
        return std::string(width > text.size() ? width - text.size() : 0, '0') + text;
    };
    return cat(pad(static_cast<int>(date.year()), 4), "-", pad(static_cast<unsigned>(date.month()), 2), "-",
               pad(static_cast<unsigned>(date.day()), 2), "T", pad(clock.hours().count(), 2), ":",
               pad(clock.minutes().count(), 2), ":", pad(clock.seconds().count(), 2), ".",
               pad(clock.subseconds().count(), 3), "Z");
}

}  // namespace monitor::docker
