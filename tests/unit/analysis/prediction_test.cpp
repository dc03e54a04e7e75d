#include "host/analysis/prediction.hpp"

#include <doctest/doctest.h>

#include "host/analysis/prediction_report.hpp"
#include "tests/unit/analysis/checks.hpp"

using namespace analysis_test;

namespace {

Hour whole(std::int64_t number, bool up) {
    return {.number = number, .measured = ns_per_hour, .up = up ? ns_per_hour : 0};
}

std::vector<ledger::Decision> history(int hours, const std::function<bool(int)>& up) {
    std::vector<ledger::Decision> out;
    for (int hour = 0; hour < hours; ++hour) out.push_back(hourly(1, hour, up(hour) ? 1'000'000 : 0, 0));
    return out;
}

}  // namespace

TEST_CASE("an hour is known by half of it, and up by 99 of 100 parts of what is known") {
    CHECK_FALSE(verdict_of({.measured = ns_per_hour / 2 - 1, .up = ns_per_hour / 2 - 1}));
    CHECK(verdict_of({.measured = 6000, .up = 5940}, 100) == true);
    CHECK(verdict_of({.measured = 6000, .up = 5939}, 100) == false);
    CHECK_FALSE(verdict_of({}, 0));
}

TEST_CASE("a chance comes from the mean, the hour of the week, and what was last") {
    Predictor predictor;
    CHECK(predictor.mean() == doctest::Approx(0.5));
    for (std::int64_t hour = 0; hour < 8; ++hour) predictor.learn(whole(hour, hour != 3));
    // 7 of 8, and one of two imagined ones.
    CHECK(predictor.mean() == doctest::Approx(8.0 / 10));
    // Hour 3 of the week was down once; four imagined ones are at the mean.
    CHECK(predictor.slot_share(3 + 168) == doctest::Approx((0 + 4 * 0.8) / 5));
    CHECK(predictor.slot_share(5 + 168) == doctest::Approx((1 + 4 * 0.8) / 5));
    // Up with one of the last hours down: hours 5, 6 and 7 came after such a one, all up.
    CHECK(predictor.context_share() == doctest::Approx((3 + 10 * 0.8) / 13));
    // The odds: of the mean 4, of the hour 0.84 / 0.16, of what was last 11 / 2 in 13.
    const double odds = 0.84 / 0.16 * (11.0 / 2) / 4;
    const auto chance = predictor.hour_to_come(5 + 168);
    CHECK(chance.p == doctest::Approx(odds / (1 + odds)));
    CHECK(chance.low < chance.p);
    CHECK(chance.p < chance.high);
    CHECK(chance.high <= 1);
}

TEST_CASE("hours that are missing make the present unknown, and are no failure") {
    Predictor predictor;
    for (std::int64_t hour = 0; hour < 5; ++hour) predictor.learn(whole(hour, true));
    const auto mean = predictor.mean();
    predictor.learn({.number = 9});
    CHECK_FALSE(predictor.now());
    CHECK(predictor.mean() == mean);
    CHECK(predictor.context_share() == mean);
    predictor.look_at({.number = 9, .measured = ns_per_hour / 4, .up = 0});
    CHECK(predictor.now() == false);
    CHECK(predictor.known_hours() == 5);
}

TEST_CASE("a day to come is learned once it is over") {
    Predictor predictor;
    std::size_t days = 0;
    for (std::int64_t hour = 0; hour < 24; ++hour) {
        predictor.learn(whole(hour, true));
        days += predictor.days_over().size();
    }
    CHECK(days == 0);
    predictor.learn(whole(24, true));
    CHECK(predictor.days_over().empty());  // the first begins with hour 1
    predictor.learn(whole(25, true));
    REQUIRE(predictor.days_over().size() == 1);
    CHECK(predictor.days_over()[0].up);
    CHECK(predictor.days_over()[0].was_up);
}

TEST_CASE("the score is the mean square, beside two baselines, and what happened in each tenth") {
    Score score;
    score.add(0.75, 0.5, true, true);
    score.add(0.25, 0.5, true, false);
    score.add(0.75, 0.5, false, false);
    CHECK(score.brier() == doctest::Approx((0.0625 + 0.0625 + 0.5625) / 3));
    CHECK(score.brier_of_mean() == doctest::Approx(0.25));
    CHECK(score.brier_as_now() == doctest::Approx(1.0 / 3));
    CHECK(score.calibration()[7].count == 2);
    CHECK(score.calibration()[7].up == 1);
    score.add(1, 1, true, true);
    CHECK(score.calibration()[9].count == 1);
}

TEST_CASE("what repeats each week is found, and beats both baselines") {
    Scene scene(By::all);
    const int hours = 8 * 168;
    scene.context.to = scene.context.now = begin_ns + hours * ns_per_hour;
    PredictionReport prediction(scene.context);
    // Down every night from 2 to 5.
    const auto report = scene.of(prediction, history(hours, [](int hour) { return hour % 24 < 2 || hour % 24 > 4; }));
    REQUIRE(report.rows.size() == 1);
    const auto& backtest = report.more.at(0).second.items();
    const auto number = [](const Json& row, const char* name) { return std::stod(row.find(name)->text()); };
    CHECK(backtest[0].find("predictions")->text() == std::to_string(hours - 24));
    CHECK(number(backtest[0], "brier") < number(backtest[0], "brier_of_mean") / 2);
    CHECK(number(backtest[0], "brier") < number(backtest[0], "brier_as_now"));
    // Each day has a night: none is up.
    CHECK(number(report.rows[0], "day_percent") < 10);
}

TEST_CASE("outages that last are foreseen by what was last") {
    Scene scene(By::all);
    const int hours = 1000;
    scene.context.to = scene.context.now = begin_ns + hours * ns_per_hour;
    PredictionReport prediction(scene.context);
    const auto report = scene.of(prediction, history(hours, [](int hour) { return hour % 101 < 70; }));
    const auto& backtest = report.more.at(0).second.items();
    const auto number = [](const Json& row, const char* name) { return std::stod(row.find(name)->text()); };
    CHECK(number(backtest[0], "brier") < number(backtest[0], "brier_of_mean") / 4);
    CHECK(report.rows.at(0).find("now")->text() == "down");  // 999 % 101 is 90
    CHECK(number(report.rows[0], "hour_percent") < 20);
}

TEST_CASE("what follows a restart is not what follows the first hour of an outage") {
    // Restarts for three minutes, over by the next hour, and as many outages that go on.
    Predictor predictor;
    std::int64_t number = 0;
    const auto learn = [&](std::int64_t up_minutes) {
        predictor.learn({.number = number++, .measured = ns_per_hour, .up = up_minutes * ns_per_hour / 60});
    };
    for (int week = 0; week < 12; ++week) {
        for (int hour = 0; hour < 84; ++hour) learn(hour == 40 ? 57 : 60);
        for (int hour = 0; hour < 84; ++hour) learn(hour >= 40 && hour < 50 ? 0 : 60);
    }
    auto after_restart = predictor;
    after_restart.look_at({.number = number, .measured = ns_per_hour, .up = 57 * ns_per_hour / 60});
    auto after_outage = predictor;
    after_outage.look_at({.number = number, .measured = ns_per_hour, .up = 0});
    CHECK(after_restart.now() == std::optional(false));
    CHECK(after_restart.context_share() > 0.9);
    CHECK(after_outage.context_share() < 0.6);
    // 54 minutes are a restart, one second less is none.
    after_restart.look_at({.number = number, .measured = ns_per_hour, .up = 54 * ns_per_hour / 60 - 1'000'000'000});
    CHECK(after_restart.context_share() < 0.9);
}

TEST_CASE("a prediction does not look ahead") {
    const auto chances = [](int hours, bool end) {
        Scene scene(By::all);
        scene.context.to = scene.context.now = begin_ns + 400 * ns_per_hour;
        PredictionReport prediction(scene.context);
        const auto all = history(400, [end](int hour) { return hour < 300 ? hour % 7 != 0 : end; });
        for (int at = 0; at < hours; ++at) {
            REQUIRE(prediction.take({.key = "a", .decision = all[static_cast<std::size_t>(at)], .excused = false}));
        }
        return prediction.finish()->more.at(0).second.items()[0].find("brier")->text();
    };
    CHECK(chances(300, true) == chances(300, false));
    CHECK(chances(400, true) != chances(400, false));
}

TEST_CASE("a check that was taken back is no downtime of a prediction") {
    Scene scene(By::all);
    scene.context.to = scene.context.now = begin_ns + 30 * ns_per_hour;
    PredictionReport prediction(scene.context);
    auto decisions = history(29, [](int) { return true; });
    decisions.push_back(failed(1, 29));
    const auto report = scene.of(prediction, decisions, true);
    CHECK(report.rows.at(0).find("known_hours")->text() == "29");
    CHECK(report.rows.at(0).find("now")->text() == "unknown");
}
