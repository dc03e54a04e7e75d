#include "tools/jobs/schedule.hpp"

#include <array>
#include <cmath>

#include "stipend/decimal.hpp"
#include "stipend/duration.hpp"

namespace stipend::jobs {

double Rate::per_second() const {
    return static_cast<double>(millijobs) / 1000 * static_cast<double>(ns_per_s) / static_cast<double>(per_ns);
}

Result<Rate> parse_rate(std::string_view text) {
    struct Unit {
        std::string_view name;
        std::int64_t ns;
    };
    static constexpr std::array<Unit, 4> units{
        {{"", 60 * ns_per_s}, {"/s", ns_per_s}, {"/m", 60 * ns_per_s}, {"/h", 3600 * ns_per_s}}};
    const auto slash = text.find('/');
    const auto name = slash == std::string_view::npos ? std::string_view() : text.substr(slash);
    const auto bad = [&](std::string_view why) {
        return fail(STIPEND_E_INVALID, "bad rate: got \"", clip(text, 40), "\": ", why);
    };
    for (const auto& unit : units) {
        if (unit.name != name) continue;
        const auto number = Decimal::parse(text.substr(0, slash));
        const auto millijobs = number ? number->exact_scaled(3) : Result<std::int64_t>(number.error());
        if (!millijobs || *millijobs <= 0) return bad("want a number above 0, with three decimals at most");
        if (static_cast<uint128>(*millijobs) * ns_per_s >
            static_cast<uint128>(max_jobs_per_second) * 1000 * static_cast<uint128>(unit.ns)) {
            return bad(cat("want at most ", max_jobs_per_second, " jobs a second"));
        }
        return Rate{*millijobs, unit.ns};
    }
    return bad("want jobs a minute, such as 10, or 100/s, 600/m, 5/h");
}

Schedule::Schedule(Rate rate, Arrivals arrivals, std::int64_t duration_ns, std::uint64_t seed)
    : rate_(rate), arrivals_(arrivals), duration_ns_(duration_ns), random_(seed) {
    if (arrivals_ == Arrivals::poisson) next_ns_ = gap();
}

std::optional<std::int64_t> Schedule::next() const {
    if (next_ns_ >= duration_ns_) return std::nullopt;
    return next_ns_;
}

void Schedule::pop() {
    ++popped_;
    if (arrivals_ == Arrivals::poisson) {
        next_ns_ += gap();
        return;
    }
    // From the beginning, so that no rounding adds up.
    const auto ns = static_cast<uint128>(popped_) * static_cast<uint128>(rate_.per_ns) * 1000 /
                    static_cast<uint128>(rate_.millijobs);
    next_ns_ = ns > static_cast<uint128>(duration_ns_) ? duration_ns_ : static_cast<std::int64_t>(ns);
}

std::int64_t Schedule::gap() {
    const auto share = (static_cast<double>(random_() >> 11) + 1) * 0x1p-53;  // above 0, at most 1
    const auto ns = -std::log(share) * static_cast<double>(ns_per_s) / rate_.per_second();
    return ns > static_cast<double>(duration_ns_) ? duration_ns_ : static_cast<std::int64_t>(ns);
}

}  // namespace stipend::jobs
