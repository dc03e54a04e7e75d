#include "docker_clock.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "stipend/ascii.hpp"
#include "stipend/duration.hpp"

namespace monitor::docker {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t slack_ns = 50'000'000;    // of the order in which the clocks are read
constexpr std::int64_t step_ns = 2 * second_ns;  // a smaller change is the estimate's own error

}  // namespace

std::optional<stipend_unix_ns> parse_date(std::string_view text) {
    constexpr std::string_view shape = "www, dd mmm dddd dd:dd:dd GMT";
    constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (text.size() != shape.size()) return std::nullopt;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        const bool letter = shape[i] == 'w' || shape[i] == 'm';
        if (shape[i] == 'd' ? !stipend::ascii::is_digit(text[i]) : !letter && text[i] != shape[i]) return std::nullopt;
    }
    const auto month = std::find(months.begin(), months.end(), text.substr(8, 3));
    if (month == months.end()) return std::nullopt;
    const auto two = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
    const std::chrono::year_month_day day(std::chrono::year(two(12) * 100 + two(14)),
                                          std::chrono::month(static_cast<unsigned>(month - months.begin() + 1)),
                                          std::chrono::day(static_cast<unsigned>(two(5))));
    if (!day.ok() || two(17) > 23 || two(20) > 59 || two(23) > 60) return std::nullopt;
    if (day.year() < std::chrono::year(1970) || day.year() > std::chrono::year(2200)) return std::nullopt;
    const auto days = std::int64_t{std::chrono::sys_days(day).time_since_epoch().count()};
    return (days * 86'400 + two(17) * 3600 + two(20) * 60 + two(23)) * second_ns;
}

std::int64_t EngineClock::take(std::optional<stipend_unix_ns> date, stipend_mono_ns sent, stipend_mono_ns received,
                               stipend_unix_ns wall) {
    const auto host = wall - received;
    // The engine wrote the date between both moments, and dropped the fraction of the second.
    const auto least = date ? *date - received : host;
    const auto most = date ? *date + second_ns - sent : host;
    const bool agrees = dated_ && std::max(least, least_) <= std::min(most, most_);
    least_ = agrees ? std::max(least, least_) : least;
    most_ = agrees ? std::min(most, most_) : most;
    // Engine and host are usually on one machine.
    const bool same = least_ - slack_ns <= host && host <= most_ + slack_ns;
    const auto ahead = same ? host : least_ + (most_ - least_) / 2;
    const auto change = ahead - ahead_;
    const bool first = !std::exchange(dated_, true);
    if (same && std::abs(change) < slack_ns) return 0;  // so that the estimate does not tremble
    ahead_ = ahead;
    return !first && std::abs(change) > step_ns ? change : 0;
}

}  // namespace monitor::docker
