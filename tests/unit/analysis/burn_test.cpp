#include "host/analysis/burn.hpp"

#include <doctest/doctest.h>

#include "tests/unit/analysis/checks.hpp"

using namespace analysis_test;

namespace {

constexpr std::int64_t minute = 60 * ns_per_s;

// A check of one minute, decided at the end of that minute.
ledger::Decision minutely(std::int64_t number, std::uint32_t ppm) {
    auto out = hourly(1, 0, ppm, 0);
    out.period_from = begin_ns + number * minute;
    out.decided_at = out.period_from + minute;
    return out;
}

struct Watching {
    BurnBook book{
        {{.name = "gold",
          .target_e6 = 99'000'000,
          .alerts = {
              {.long_ns = 64 * minute, .short_ns = 16 * minute, .burn_ppm = 14'400'000, .severity = "critical"}}}}};

    void take(std::int64_t number, std::uint32_t ppm, bool excused = false) {
        const auto decision = minutely(number, ppm);
        REQUIRE(book.take({.key = "a", .decision = decision, .excused = excused},
                          [](std::string_view) { return std::string(); }));
    }
    [[nodiscard]] std::vector<BurnBook::Firing> at(std::int64_t number) {
        return book.evaluate(begin_ns + number * minute);
    }
};

}  // namespace

TEST_CASE("a stretch forgets a step at a time") {
    Stretch stretch(4 * minute, 4);
    Times up{.up = 60};
    Times down{.down = 60};
    stretch.add(0, down);
    stretch.add(minute, up);
    CHECK(stretch.sum(minute).measured == 120);
    CHECK(stretch.sum(minute).bad == 60);
    CHECK(stretch.sum(3 * minute).bad == 60);
    CHECK(stretch.sum(4 * minute).bad == 0);
    CHECK(stretch.sum(4 * minute).measured == 60);
    stretch.add(5 * minute, down);  // in the place of the first
    stretch.add(minute, down);      // too old by now
    CHECK(stretch.sum(5 * minute).measured == 60);
    CHECK(stretch.sum(5 * minute).checks == 1);
    CHECK(stretch.sum(100 * minute).measured == 0);
}

TEST_CASE("an alert fires by both stretches, and ends when the shorter one is well again") {
    Watching watching;
    for (int at = 0; at < 60; ++at) watching.take(at, 1'000'000);
    CHECK(watching.at(60).empty());
    // 14.4 times 1 % of 64 minutes are 9.2 minutes: the ninth is not enough, the tenth is.
    for (int at = 60; at < 69; ++at) watching.take(at, 0);
    CHECK(watching.at(69).empty());
    watching.take(69, 0);
    const auto firing = watching.at(70);
    REQUIRE(firing.size() == 1);
    CHECK(firing[0].id == "sla:gold:64m:a");
    CHECK(firing[0].severity == "critical");
    CHECK(firing[0].text ==
          "a uses up the error budget of gold (99 %) 15.62 times too fast: 84.375 % up in the last 64m");
    for (int at = 70; at < 83; ++at) watching.take(at, 1'000'000);
    CHECK(watching.at(83).size() == 1);  // 3 of the last 16 minutes are down: 18.75 times
    watching.take(83, 1'000'000);
    CHECK(watching.at(84).empty());  // 2 of 16: 12.5 times
}

TEST_CASE("without a check in the shorter stretch an alert stays as it was, and ends with the longer one") {
    Watching watching;
    for (int at = 0; at < 20; ++at) watching.take(at, 0);
    CHECK(watching.at(20).size() == 1);
    CHECK(watching.at(50).size() == 1);
    CHECK(watching.at(200).empty());
}

TEST_CASE("a bad minute in an hour does not alert") {
    Watching watching;
    for (int at = 0; at < 200; ++at) {
        watching.take(at, at % 64 == 40 ? 0 : 1'000'000);
        CHECK(watching.at(at + 1).empty());
    }
}

TEST_CASE("more than can be watched is refused") {
    std::vector<config::Sla> many(static_cast<std::size_t>(BurnBook::max_watched) / 4 + 1,
                                  {.name = "gold", .target_e6 = 99'000'000});
    BurnBook book(std::move(many));
    auto decision = minutely(0, 1'000'000);
    stipend_status status = STIPEND_OK;
    for (ledger::OrchestratorId id = 1; id < 6 && status == STIPEND_OK; ++id) {
        decision.orchestrator = id;
        const auto taken = book.take({.key = "a", .decision = decision, .excused = false},
                                     [](std::string_view) { return std::string(); });
        if (!taken) status = taken.error().status;
    }
    CHECK(status == STIPEND_E_LIMIT);
}
