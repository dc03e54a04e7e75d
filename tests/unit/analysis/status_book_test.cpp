#include "host/analysis/status_book.hpp"

#include <doctest/doctest.h>

#include "host/analysis/uptime_share.hpp"
#include "tests/unit/analysis/checks.hpp"

using namespace analysis_test;
using State = api::PublicStatus::State;

namespace {

constexpr std::int64_t today = begin_ns / ns_per_day;

config::StatusPage page_of(std::vector<config::StatusService> show, std::int64_t days = 90) {
    return {.enabled = config::Shown::yes, .title = "T", .history_ns = days * ns_per_day, .show = std::move(show)};
}

// Two orchestrators, "a" of capability "x" and "b" of none, both known for long.
struct Book {
    ledger::SpanFacts facts = {};
    StatusBook book;

    explicit Book(config::StatusPage page)
        : book(std::move(page), [](std::string_view key) { return std::string(key == "a" ? "x" : ""); }) {
        facts.accounts = {{.id = 1, .key = "a", .first_seen_at = begin_ns - 1000 * ns_per_day},
                          {.id = 2, .key = "b", .first_seen_at = begin_ns - 1000 * ns_per_day}};
    }
    void take(ledger::Decision decision, bool excused = false) {
        decision.next_at = decision.decided_at + ns_per_hour;
        const std::string key = decision.orchestrator == 1 ? "a" : "b";
        REQUIRE(book.take({.key = key, .decision = decision, .excused = excused}).ok());
    }
    api::PublicStatus show(std::int64_t hour) { return book.show(begin_ns + hour * ns_per_hour, facts); }
};

config::StatusService both() {
    return {.name = "all", .as = "All", .orchestrators = {"*"}};
}

}  // namespace

TEST_CASE("a day is one of UTC, and the first one shown follows from the history") {
    CHECK(day_of(0) == 0);
    CHECK(day_of(ns_per_day - 1) == 0);
    CHECK(day_of(ns_per_day) == 1);
    CHECK(day_of(-1) == -1);
    CHECK(first_day(page_of({}, 1), begin_ns) == today);
    CHECK(first_day(page_of({}, 90), begin_ns + ns_per_day - 1) == today - 89);
}

TEST_CASE("only what is chosen is counted, by the times of the report of uptime") {
    Book scene(page_of({{.name = "x", .as = "X", .capability = "x"}, both()}));
    Scene report(By::all);
    UptimeShare share(report.context);
    std::vector<ledger::Decision> checks;
    for (std::int64_t hour = 0; hour < 10; ++hour) {
        checks.push_back(hourly(1, hour, hour == 3 ? 777'777 : 1'000'000, 1));
        checks.push_back(hour == 5 ? failed(2, hour) : hourly(2, hour, 999'999, 1));
    }
    for (const auto& one : checks) scene.take(one);
    const auto status = scene.show(10);
    REQUIRE(status.services.size() == 2);
    CHECK(status.services[0].spans[0].uptime_ppm == 977'777);
    const auto made = report.of(share, checks);
    const auto& all = status.services[1].spans;
    REQUIRE(all.size() == 4);
    for (const auto& span : all) {
        REQUIRE(span.uptime_ppm);
        CHECK(percent(span.uptime_ppm).text() == made.total->find("uptime")->text());
    }
    CHECK(all[0].measured_ppm == 1'000'000);
    CHECK(all[3].measured_ppm < 10'000);
}

TEST_CASE("a check counts on the day of its decision, and a day without one is unknown") {
    Book scene(page_of({both()}, 3));
    scene.facts.accounts[0].first_seen_at = begin_ns - ns_per_day / 2;
    scene.facts.accounts[1].first_seen_at = begin_ns;
    scene.take(hourly(1, -1, 500'000, 1));  // decided at midnight
    scene.take(hourly(1, 0, 1'000'000, 1));
    const auto days = scene.show(4).services[0].days;
    REQUIRE(days.size() == 3);
    CHECK(days[0].number == today - 2);
    CHECK_FALSE(days[0].watched);
    CHECK(days[1].watched);
    CHECK_FALSE(days[1].uptime_ppm);
    CHECK(days[1].up_ppm + days[1].down_ppm == 0);
    CHECK(days[2].uptime_ppm == 750'000);
    CHECK(days[2].up_ppm == 187'500);  // one and a half of the eight hours of both
    CHECK(days[2].down_ppm == 62'500);
    CHECK(scene.show(4 + 72).services[0].days[2].number == today + 3);
    CHECK_FALSE(scene.show(4 + 72).services[0].spans[0].uptime_ppm);
}

TEST_CASE("a clock that was set back shows no day to come") {
    Book scene(page_of({both()}, 2));
    scene.take(hourly(1, 30, 1'000'000, 1));
    scene.facts.accounts[0].retired = true;
    const auto days = scene.show(1).services[0].days;
    REQUIRE(days.size() == 2);
    CHECK(days[1].number == today);
    CHECK_FALSE(days[1].uptime_ppm);
}

TEST_CASE("a check that a pardon took back is neither up nor down") {
    Book scene(page_of({both()}));
    scene.take(failed(1, 0), true);
    const auto service = scene.show(1).services[0];
    CHECK(service.state == State::unknown);
    CHECK_FALSE(service.spans[0].uptime_ppm);
    CHECK(service.incidents.empty());
}

TEST_CASE("the state is that of the last checks, while they hold") {
    Book scene(page_of({both()}));
    const auto state = [&](std::int64_t hour) { return scene.show(hour).services[0].state; };
    CHECK(state(0) == State::unknown);
    scene.take(hourly(1, 0, 1'000'000, 1));
    CHECK(state(1) == State::up);  // the other one is unknown
    scene.take(failed(2, 0));
    CHECK(state(1) == State::degraded);
    scene.take(failed(1, 1));
    scene.take(failed(2, 1));
    CHECK(state(2) == State::down);
    scene.take(hourly(1, 2, 980'000, 1));
    scene.take(hourly(2, 2, 990'000, 1));
    CHECK(state(3) == State::degraded);
    scene.take(hourly(1, 3, 990'000, 1));
    CHECK(state(4) == State::up);
    CHECK(state(5) == State::up);
    CHECK(state(7) == State::unknown);
    scene.facts.gaps.push_back({.orchestrator = 1, .from = begin_ns, .to = begin_ns + 5 * ns_per_hour, .cause = ""});
    CHECK(state(4) == State::up);  // of the other one
    scene.facts.gaps.push_back({.orchestrator = 2, .from = begin_ns, .to = begin_ns + 5 * ns_per_hour, .cause = ""});
    CHECK(state(4) == State::unknown);
    scene.facts.accounts[0].retired = scene.facts.accounts[1].retired = true;
    CHECK(state(4) == State::unknown);
}

TEST_CASE("incidents are joined over waits and over orchestrators, and the last one goes on") {
    Book scene(page_of({both()}));
    scene.take(failed(1, 0));
    scene.take(failed(1, 4));  // after a penalty
    scene.take(failed(2, 4));
    scene.take(hourly(1, 5, 1'000'000, 1));
    scene.take(hourly(2, 6, 1'000'000, 1));
    scene.take(failed(2, 8));
    const auto found = scene.show(9).services[0].incidents;
    REQUIRE(found.size() == 2);
    CHECK(found[0].from == begin_ns + 8 * ns_per_hour);
    CHECK(found[0].ongoing);
    CHECK(found[1].from == begin_ns);
    CHECK(found[1].to == begin_ns + 5 * ns_per_hour);
    CHECK_FALSE(found[1].ongoing);
}

TEST_CASE("the number of incidents is bounded") {
    Book scene(page_of({both()}));
    for (std::int64_t hour = 0; hour < 400; hour += 2) {
        scene.take(failed(1, hour));
        scene.take(hourly(1, hour + 1, 1'000'000, 1));
    }
    const auto found = scene.show(400).services[0].incidents;
    REQUIRE(found.size() == shown_incidents);
    CHECK(found[0].from == begin_ns + 398 * ns_per_hour);
}
