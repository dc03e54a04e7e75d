#include "host/analysis/forecast.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "host/base/time.hpp"

namespace stipend::analysis {
namespace {

constexpr double width_80_percent = 1.2816;  // of a normal distribution, in standard deviations
constexpr std::size_t least_days = 3;
constexpr std::size_t most_weeks = 8;
constexpr std::size_t most_mean_days = 28;
constexpr std::size_t day_text_size = 10;  // "2026-11-28"

std::string day_text(std::int64_t day) {
    return utc_text(day * ns_per_day).substr(0, day_text_size);
}

std::int64_t first_day_of_next_month(std::int64_t day) {
    const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
    const std::chrono::sys_days next{(date.year() / date.month() + std::chrono::months(1)) / 1};
    return next.time_since_epoch().count();
}

double dollars(const Money& money) {
    return static_cast<double>(money.e8) / static_cast<double>(e8);
}

}  // namespace

std::optional<double> day_to_come(const Spend& spend, std::int64_t day) {
    const auto known = std::min<std::int64_t>(static_cast<std::int64_t>(spend.days.size()),
                                              std::max<std::int64_t>(day - spend.first_day, 0));
    if (known < static_cast<std::int64_t>(least_days)) return std::nullopt;
    double sum = 0;
    std::size_t count = 0;
    // The same weekday: the last one that is known, and each seventh before it.
    const auto last = spend.first_day + known - 1;
    for (auto at = last - ((last - day) % 7 + 7) % 7; at >= spend.first_day && count < most_weeks; at -= 7) {
        sum += spend.days[static_cast<std::size_t>(at - spend.first_day)];
        ++count;
    }
    if (count >= least_days) return sum / static_cast<double>(count);
    sum = 0;
    count = std::min(static_cast<std::size_t>(known), most_mean_days);
    for (std::size_t at = 0; at < count; ++at) sum += spend.days[static_cast<std::size_t>(known) - 1 - at];
    return sum / static_cast<double>(count);
}

ForecastError error_of(const Spend& spend) {
    ForecastError out;
    double squares = 0;
    double absolute = 0;
    double spent = 0;
    for (std::size_t at = 0; at < spend.days.size(); ++at) {
        const auto forecast = day_to_come(spend, spend.first_day + static_cast<std::int64_t>(at));
        if (!forecast) continue;
        const auto error = *forecast - spend.days[at];
        squares += error * error;
        absolute += std::abs(error);
        spent += spend.days[at];
        ++out.days;
    }
    if (out.days == 0) return out;
    out.usd = std::sqrt(squares / static_cast<double>(out.days));
    out.mean_share = spent > 0 ? absolute / spent : 0;
    return out;
}

Result<void> Forecast::take(const Check& check) {
    const auto day = check.decision.decided_at / ns_per_day;
    days_[day].add(check.decision.usd);
    if (days_.size() > max_days) return fail(STIPEND_E_LIMIT, "more than ", max_days, " days: ask for a shorter span");
    return {};
}

// From the first day with a decision on; without days that the span covers in part.
Spend Forecast::whole_days() const {
    Spend out;
    const auto first_whole = (context_.from + ns_per_day - 1) / ns_per_day;
    const auto found = days_.lower_bound(first_whole);
    const auto end = context_.to / ns_per_day;
    if (found == days_.end() || found->first >= end) return out;
    // The day of the first decision of all is no whole one either, unless the span begins behind it.
    stipend_unix_ns seen = context_.to;
    for (const auto& account : context_.facts.accounts) seen = std::min(seen, account.first_seen_at);
    out.first_day = std::max(found->first, seen / ns_per_day + (seen > context_.from ? 1 : 0));
    for (auto day = out.first_day; day < end; ++day) {
        const auto known = days_.find(day);
        out.days.push_back(known == days_.end() ? 0 : dollars(known->second));
    }
    return out;
}

Json Forecast::row_of(std::string_view horizon, std::int64_t from_day, std::int64_t to_day, double usd, double error) {
    const auto days = static_cast<double>(to_day - from_day);
    const auto off = width_80_percent * error * std::sqrt(std::max(days, 0.0));
    return Json::object()
        .append("horizon", horizon)
        .append("from", day_text(from_day))
        .append("to", day_text(to_day))
        .append("usd", rounded(usd, 2))
        .append("low", rounded(std::max(usd - off, 0.0), 2))
        .append("high", rounded(usd + off, 2));
}

Result<Report> Forecast::finish() {
    Report out;
    const auto spend = whole_days();
    const auto error = error_of(spend);
    const auto today = context_.to / ns_per_day;
    const auto sum_of = [&](std::int64_t from, std::int64_t to) -> std::optional<double> {
        double sum = 0;
        for (auto day = from; day < to; ++day) {
            const auto one = day_to_come(spend, day);
            if (!one) return std::nullopt;
            sum += *one;
        }
        return sum;
    };
    const auto tomorrow = today + 1;
    for (const auto& [horizon, days] : {std::pair<std::string_view, std::int64_t>{"7 days", 7}, {"30 days", 30}}) {
        if (const auto sum = sum_of(tomorrow, tomorrow + days)) {
            out.rows.push_back(row_of(horizon, tomorrow, tomorrow + days, *sum, error.usd));
        }
    }
    const auto next_month = first_day_of_next_month(today);
    if (const auto sum = sum_of(today, next_month)) {
        // Today's part that is over is spent; the rest is a share of a whole day.
        const auto whole = day_to_come(spend, today);
        const auto over = static_cast<double>(context_.to - today * ns_per_day) / static_cast<double>(ns_per_day);
        const auto now = days_.find(today);
        const auto spent = now == days_.end() ? 0 : dollars(now->second);
        out.rows.push_back(row_of("rest of month", today, next_month, *sum - whole.value_or(0) * over, error.usd));
        out.more.emplace_back("spent_today_usd", rounded(spent, 8));
    }
    auto list = Json::array();
    for (const auto& [day, money] : days_) {
        list.push(Json::object().append("day", day_text(day)).append("usd", usd_text(money)));
    }
    out.more.emplace_back("days", std::move(list));
    out.more.emplace_back("whole_days", spend.days.size());
    out.more.emplace_back("error", Json::object()
                                       .append("days", error.days)
                                       .append("usd_a_day", rounded(error.usd, 4))
                                       .append("mean_percent", rounded(error.mean_share * 100, 2)));
    return out;
}

}  // namespace stipend::analysis
