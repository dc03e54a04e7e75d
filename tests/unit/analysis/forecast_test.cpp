#include "host/analysis/forecast.hpp"

#include <doctest/doctest.h>

#include "tests/unit/analysis/checks.hpp"

using namespace analysis_test;

TEST_CASE("a day to come is the mean of its weekdays once three are known") {
    Spend spend{.first_day = 100};
    for (int day = 0; day < 22; ++day) spend.days.push_back(day % 7 == 0 ? 10.0 + day : 1.0);
    // Days 100, 107, 114 and 121 are 10, 17, 24 and 31.
    CHECK(day_to_come(spend, 128) == doctest::Approx((10 + 17 + 24 + 31) / 4.0));
    CHECK(day_to_come(spend, 123) == doctest::Approx(1.0));
    // Of what is known on day 114: 100 and 107 are too few, so the mean of 14 days.
    CHECK(day_to_come(spend, 114) == doctest::Approx((10 + 17 + 12) / 14.0));
    CHECK(day_to_come(spend, 103) == doctest::Approx(12.0 / 3));
    CHECK_FALSE(day_to_come(spend, 102));
}

TEST_CASE("the error of a forecast is that of days that it did not know") {
    Spend spend{.first_day = 0, .days = {2, 2, 2, 2, 5}};
    // Forecast of day 3 is 2, of day 4 is 2: errors 0 and 3.
    const auto error = error_of(spend);
    CHECK(error.days == 2);
    CHECK(error.usd == doctest::Approx(std::sqrt(9.0 / 2)));
    CHECK(error.mean_share == doctest::Approx(3.0 / 7));
    CHECK(error_of({.first_day = 0, .days = {1, 1, 1}}).days == 0);
}

TEST_CASE("even spending is forecast as it is, with no width") {
    Scene scene(By::all);
    scene.context.to = scene.context.now = begin_ns + 14 * ns_per_day + 12 * ns_per_hour;
    Forecast forecast(scene.context);
    std::vector<ledger::Decision> decisions;
    for (std::int64_t hour = 0; hour < 14 * 24 + 12; ++hour) decisions.push_back(hourly(1, hour, 1'000'000, e8));
    for (auto& one : decisions) one.decided_at -= 1;  // within the hour
    const auto report = scene.of(forecast, decisions);
    REQUIRE(report.rows.size() == 3);
    CHECK(line(report.rows[0]) == "7 days 2027-01-30 2027-02-06 168 168 168");
    CHECK(line(report.rows[1]) == "30 days 2027-01-30 2027-03-01 720 720 720");
    // Half of the 29th, the 30th and the 31st.
    CHECK(line(report.rows[2]) == "rest of month 2027-01-29 2027-02-01 60 60 60");
}

TEST_CASE("three whole days are the least that is forecast from") {
    Scene scene(By::all);
    scene.context.to = scene.context.now = begin_ns + 2 * ns_per_day + ns_per_hour;
    Forecast forecast(scene.context);
    std::vector<ledger::Decision> decisions;
    for (std::int64_t hour = 0; hour < 49; ++hour) decisions.push_back(hourly(1, hour, 1'000'000, e8));
    CHECK(scene.of(forecast, decisions).rows.empty());
}
