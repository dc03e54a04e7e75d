// What will be spent, by what was spent: a statistic that decides no payment.
//
// A day to come is the mean of the last eight same weekdays where at least three are known, and of the last 28 days
// otherwise. How far it is off is measured by the same forecast of the days that are over, each made of the days before
// it alone: 80 % of the sums to come lie between `low` and `high` where errors are as they were.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "host/analysis/context.hpp"
#include "host/analysis/numbers.hpp"

namespace stipend::analysis {

// Whole days that follow one another, in dollars. [value]
struct Spend {
    std::int64_t first_day = 0;  // UTC day number
    std::vector<double> days = {};
};

// Of the day of that number from the days before it that `spend` has; none: fewer than 3 of them. [pure]
[[nodiscard]] std::optional<double> day_to_come(const Spend& spend, std::int64_t day);
// The root of the mean square of its errors over the days that are over, and their number. [pure]
struct ForecastError {
    std::size_t days = 0;
    double usd = 0;         // root of the mean square
    double mean_share = 0;  // mean of the absolute error, as a share of the mean spend
};
[[nodiscard]] ForecastError error_of(const Spend& spend);

class Forecast final : public Analysis {
  public:
    explicit Forecast(const Context& context) : context_(context) {}
    Result<void> take(const Check& check) override;
    Result<Report> finish() override;

    static constexpr std::size_t max_days = 800;

  private:
    [[nodiscard]] Spend whole_days() const;
    [[nodiscard]] static Json row_of(std::string_view horizon, std::int64_t from_day, std::int64_t to_day, double usd,
                                     double error);

    const Context& context_;
    std::map<std::int64_t, Money> days_;
};

}  // namespace stipend::analysis
