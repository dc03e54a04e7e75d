#include "host/analysis/numbers.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "stipend/money.hpp"

namespace stipend::analysis {
namespace {

// A decimal number with at most `places` places, of any size.
std::string scaled_wide(uint128 value, std::size_t places, bool negative) {
    std::string digits;
    for (; value > 0 || digits.size() <= places; value /= 10) {
        digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(value % 10)));
    }
    digits.insert(digits.size() - places, 1, '.');
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
    return negative ? "-" + digits : digits;
}

}  // namespace

void Times::add(const Times& other) {
    up += other.up;
    down += other.down;
    failed += other.failed;
    excused += other.excused;
    checks += other.checks;
    failures += other.failures;
    excuses += other.excuses;
}

Times times_of(const ledger::Decision& decision, bool excused) {
    Times out{.checks = 1};
    const auto period = static_cast<uint128>(std::max<std::int64_t>(0, decision.decided_at - decision.period_from));
    if (decision.job == ledger::Job::ok && decision.uptime_ppm) {
        out.up = period * *decision.uptime_ppm / ppm_one;
        out.down = period - out.up;
        return out;
    }
    out.failures = excused ? 0 : 1;
    out.excuses = excused ? 1 : 0;
    (excused ? out.excused : out.failed) = period;
    return out;
}

std::optional<std::uint32_t> uptime_ppm(const Times& times) {
    const auto all = times.measured();
    if (all == 0) return std::nullopt;
    return static_cast<std::uint32_t>(times.up * ppm_one / all);
}

Json hours(uint128 ns) {
    constexpr auto per_hour = static_cast<uint128>(ns_per_hour);
    return Json::of_number(scaled_wide(ns * 10'000 / per_hour, 4, false));
}

Json percent(std::optional<std::uint32_t> ppm) {
    return ppm ? Json::of_number(ppm_to_percent(*ppm)) : Json();
}

std::string usd_text(const Money& money) {
    const bool negative = money.e8 < 0;
    return scaled_wide(static_cast<uint128>(negative ? -money.e8 : money.e8), 8, negative);
}

Json usd_per_hour(const Money& money, uint128 up_ns) {
    // Neither a year of 100,000 orchestrators nor the money of all of them leaves 128 bits here.
    constexpr auto most = ~static_cast<uint128>(0) / static_cast<uint128>(ns_per_hour);
    if (up_ns == 0 || money.e8 < 0 || static_cast<uint128>(money.e8) > most) return {};
    return scaled_wide(static_cast<uint128>(money.e8) * static_cast<uint128>(ns_per_hour) / up_ns, 8, false);
}

Json rounded(double value, int decimals) {
    if (!std::isfinite(value)) return {};
    std::array<char, 64> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, decimals);
    if (end.ec != std::errc()) return {};
    std::string out(text.data(), end.ptr);
    if (out.find('.') != std::string::npos) {
        out.erase(out.find_last_not_of('0') + 1);
        if (out.back() == '.') out.pop_back();
    }
    return Json::of_number(out == "-0" ? "0" : out);
}

}  // namespace stipend::analysis
