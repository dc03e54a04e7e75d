#include "host/analysis/failures.hpp"

#include <doctest/doctest.h>

#include "tests/unit/analysis/checks.hpp"

using namespace analysis_test;

TEST_CASE("failures are counted by class and by whose fault they are") {
    Scene scene(By::orchestrator);
    scene.facts.gaps = {{.orchestrator = 2,
                         .from = begin_ns + 13 * ns_per_hour,
                         .to = begin_ns + 15 * ns_per_hour,
                         .cause = "the gateway fails: status 503"}};
    Failures failures(scene.context);
    const auto report = scene.of(failures, {hourly(1, 0, 0, 0), failed(1, 1), failed(1, 2, 503), failed(1, 3, 404),
                                            failed(1, 4, 200), failed(1, 5)});
    REQUIRE(report.rows.size() == 5);
    CHECK(line(report.rows[0]) == "a payee bad answer 1 1");
    CHECK(line(report.rows[1]) == "a payee no answer 2 2");
    CHECK(line(report.rows[2]) == "a payee status 4xx 1 1");
    CHECK(line(report.rows[3]) == "a payee status 5xx 1 1");
    CHECK(line(report.rows[4]) == "b payer gap 1 2");
    const auto& reasons = report.more.at(0).second.items();
    REQUIRE(reasons.size() == 2);
    CHECK(line(reasons[0]) == "payee connection refused after # ms 5 5");
    CHECK(line(reasons[1]) == "payer the gateway fails: status # 1 2");
}

TEST_CASE("a check that was taken back is the payer's") {
    const Scene scene(By::all);
    Failures failures(scene.context);
    const auto report = scene.of(failures, {failed(1, 1), failed(1, 2)}, true);
    REQUIRE(report.rows.size() == 1);
    CHECK(line(report.rows[0]) == "all payer no answer 2 2");
}

TEST_CASE("reasons are bounded in number, and fit for a terminal") {
    CHECK(reason_pattern("a 12.5 b 7\x1b[2J") == "a #.# b #<U+001B>[#J");
    const Scene scene(By::all);
    Failures failures(scene.context);
    std::vector<ledger::Decision> decisions;
    for (int at = 0; at < 600; ++at) {
        auto one = failed(1, at);
        one.reason = "reason ";
        for (int rest = at; rest > 0; rest /= 10) one.reason.push_back(static_cast<char>('a' + rest % 10));
        decisions.push_back(one);
    }
    const auto report = scene.of(failures, decisions);
    const auto& reasons = report.more.at(0).second.items();
    REQUIRE(reasons.size() == Failures::shown_reasons);
    CHECK(line(reasons[0]) == "payee (other) 100 100");
}
