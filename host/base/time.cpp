#include "host/base/time.hpp"

#include <fmt/format.h>

#include <chrono>
#include <ctime>

namespace stipend {
namespace {

stipend_unix_ns read_clock(clockid_t id) {
    timespec spec{};
    STIPEND_ASSERT(::clock_gettime(id, &spec) == 0);
    return static_cast<std::int64_t>(spec.tv_sec) * ns_per_s + spec.tv_nsec;
}

}  // namespace

stipend_unix_ns SystemClock::now() const {
    return read_clock(CLOCK_REALTIME);
}
stipend_mono_ns SystemClock::monotonic() const {
    return read_clock(CLOCK_MONOTONIC);
}

std::string utc_text(stipend_unix_ns at) {
    const std::chrono::sys_time<std::chrono::nanoseconds> point{std::chrono::nanoseconds(at)};
    const auto day = std::chrono::floor<std::chrono::days>(point);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::milliseconds>(point - day));
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                       time.minutes().count(), time.seconds().count(), time.subseconds().count());
}

Result<stipend_unix_ns> parse_utc(std::string_view text) {
    const auto bad =
        fail(STIPEND_E_INVALID, "not a time: got \"", text.substr(0, 40), "\", want e.g. 2026-11-22T06:25:06Z");
    std::size_t at = 0;
    const auto number = [&](std::size_t digits, char after) -> int {
        int value = 0;
        for (std::size_t i = 0; i < digits; ++i, ++at) {
            if (at >= text.size() || text[at] < '0' || text[at] > '9') return -1;
            value = value * 10 + (text[at] - '0');
        }
        if (after != '\0' && (at >= text.size() || text[at++] != after)) return -1;
        return value;
    };
    const int year = number(4, '-');
    const int month = number(2, '-');
    const int day = number(2, 'T');
    const std::int64_t hour = number(2, ':');
    const std::int64_t minute = number(2, ':');
    const std::int64_t second = number(2, '\0');
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (year < 1970 || year > 2261 || month < 0 || day < 0 || !date.ok() || hour < 0 || hour > 23 || minute < 0 ||
        minute > 59 || second < 0 || second > 60) {
        return bad;
    }
    std::int64_t fraction = 0;
    if (at < text.size() && text[at] == '.') {
        std::int64_t unit = ns_per_s;
        for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
            unit /= 10;
            fraction += unit * (text[at] - '0');
        }
        if (unit == ns_per_s) return bad;
    }
    std::int64_t offset = 0;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
        const int sign = text[at++] == '-' ? -1 : 1;
        const std::int64_t hours = number(2, ':');
        const std::int64_t minutes = number(2, '\0');
        if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return bad;
        offset = sign * (hours * 3600 + minutes * 60);
    } else if (at < text.size() && text[at] == 'Z') {
        ++at;
    } else {
        return bad;
    }
    if (at != text.size()) return bad;
    const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    return (days * s_per_day + hour * 3600 + minute * 60 + second - offset) * ns_per_s + fraction;
}

}  // namespace stipend
