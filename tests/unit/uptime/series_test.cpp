#include "host/uptime/series.hpp"

#include <doctest/doctest.h>

using stipend::uptime::ppm_of;
using stipend::uptime::Series;
using stipend::uptime::Span;

namespace {

constexpr std::int64_t hold = 25;

Series watched(std::initializer_list<stipend::uptime::Observation> all) {
    Series out(hold);
    for (const auto& seen : all) out.observe(seen);
    return out;
}

}  // namespace

TEST_CASE("a verdict holds until the next one") {
    const auto series = watched({{STIPEND_UP, 10, 10, ""}, {STIPEND_DOWN, 20, 20, ""}, {STIPEND_UP, 26, 26, ""}});
    const auto share = series.measure(10, 30);
    CHECK(share.seen_ns == 20);
    CHECK(share.up_ns == 14);
}

TEST_CASE("a verdict that nothing confirms is believed no longer than its time") {
    const auto series = watched({{STIPEND_UP, 10, 10, ""}});
    CHECK(series.measure(10, 100).up_ns == hold);
    CHECK(series.measure(50, 100).up_ns == 0);
    CHECK(series.measure(50, 100).seen_ns == 0);
    CHECK(series.verdict(35) == STIPEND_UP);
    CHECK(series.verdict(36) == STIPEND_UNKNOWN);
}

TEST_CASE("UNKNOWN ends what held, and is itself not seen") {
    const auto series = watched({{STIPEND_UP, 10, 10, ""}, {STIPEND_UNKNOWN, 15, 15, "engine gone"}});
    const auto share = series.measure(10, 30);
    CHECK(share.up_ns == 5);
    CHECK(share.seen_ns == 5);
    CHECK(series.why() == "engine gone");
}

TEST_CASE("a proof about the past fills a gap in watching") {
    auto series = watched({{STIPEND_UP, 10, 10, ""}, {STIPEND_UNKNOWN, 15, 15, ""}});
    series.observe({STIPEND_UP, 2, 40, "started before"});
    const auto share = series.measure(0, 40);
    CHECK(share.up_ns == 38);
    CHECK(share.seen_ns == 38);
}

TEST_CASE("a proof about the past does not undo what was seen down") {
    auto series = watched({{STIPEND_UP, 10, 10, ""}, {STIPEND_DOWN, 15, 15, "paused"}, {STIPEND_UP, 20, 20, ""}});
    series.observe({STIPEND_UP, 0, 22, "started before"});
    CHECK(series.measure(0, 22).up_ns == 17);
}

TEST_CASE("word of the past changes nothing of the present") {
    auto series = watched({{STIPEND_DOWN, 20, 20, "died"}});
    series.observe({STIPEND_UP, 5, 10, "ran then"});
    CHECK(series.verdict(21) == STIPEND_DOWN);
    CHECK(series.why() == "died");
    CHECK(series.measure(0, 20).up_ns == 5);
}

TEST_CASE("a verdict that holds does not count again what a restored span covers") {
    Series series(hold);
    series.restore({30, 40, false});
    series.observe({STIPEND_UP, 10, 10, ""});
    const auto share = series.measure(10, 35);
    CHECK(share.seen_ns == 25);
    CHECK(share.up_ns == 20);
}

TEST_CASE("each look is counted, one about the past included") {
    auto series = watched({{STIPEND_UP, 10, 10, ""}, {STIPEND_UNKNOWN, 20, 20, ""}});
    CHECK(series.looks() == 2);
    series.observe({STIPEND_DOWN, 5, 8, ""});
    CHECK(series.looks() == 3);
}

TEST_CASE("a degraded target counts as down") {
    const auto series = watched({{STIPEND_DEGRADED, 10, 10, ""}});
    const auto share = series.measure(10, 20);
    CHECK(share.seen_ns == 10);
    CHECK(share.up_ns == 0);
}

TEST_CASE("what ends before it begins is ignored") {
    auto series = watched({{STIPEND_UP, 20, 10, ""}});
    CHECK(series.seen_at() == 0);
    CHECK(series.looks() == 0);
}

TEST_CASE("the start of the last stretch that was not up is found, unseen time included") {
    const auto series = watched({{STIPEND_UP, 10, 10, ""}, {STIPEND_DOWN, 20, 20, ""}, {STIPEND_UP, 26, 26, ""}});
    CHECK(series.last_not_up_since(10, 30) == 20);
    CHECK(series.last_not_up_since(0, 20) == 0);
    CHECK_FALSE(series.last_not_up_since(10, 20));
    CHECK(series.last_not_up_since(26, 80) == 26 + hold);
    // Down since 20: also where the window begins later.
    CHECK(series.last_not_up_since(22, 26) == 20);
    CHECK(series.last_not_up_since(24, 25) == 20);
    const auto never = watched({{STIPEND_DOWN, 5, 5, ""}, {STIPEND_DOWN, 8, 8, ""}});
    CHECK(never.last_not_up_since(7, 9) == 5);
    // Also where it was first seen at the very beginning of time.
    CHECK(watched({{STIPEND_DOWN, 0, 5, ""}}).last_not_up_since(3, 9) == 0);
    CHECK(series.spans(10, 30) == std::vector<Span>{{10, 20, true}, {20, 26, false}, {26, 30, true}});
}

TEST_CASE("since when the present verdict holds") {
    auto series = watched({{STIPEND_UP, 10, 10, ""}, {STIPEND_UP, 20, 20, ""}});
    CHECK(series.since() == 10);
    series.observe({STIPEND_DOWN, 22, 22, ""});
    CHECK(series.since() == 22);
}

TEST_CASE("spans that touch and agree are one span, also where the verdict that holds begins") {
    const auto series = watched({{STIPEND_UP, 10, 10, ""}, {STIPEND_UP, 20, 20, ""}});
    CHECK(series.spans(0, 30) == std::vector<Span>{{10, 30, true}});
    CHECK(series.spans(15, 18) == std::vector<Span>{{15, 18, true}});
    CHECK(series.spans(30, 30).empty());
    CHECK(series.spans(45, 90).empty());
    const auto apart = watched({{STIPEND_UP, 10, 12, ""}, {STIPEND_UNKNOWN, 12, 12, ""}, {STIPEND_UP, 20, 20, ""}});
    CHECK(apart.spans(0, 30) == std::vector<Span>{{10, 12, true}, {20, 30, true}});
    const auto other = watched({{STIPEND_UP, 10, 10, ""}, {STIPEND_DOWN, 20, 20, ""}});
    CHECK(other.spans(0, 30) == std::vector<Span>{{10, 20, true}, {20, 30, false}});
}

TEST_CASE("shares become parts per million, rounded down") {
    CHECK(ppm_of(2, 3) == 666'666);
    CHECK(ppm_of(3, 3) == 1'000'000);
    CHECK(ppm_of(1, 3) == 333'333);
    CHECK(ppm_of(1, 1) == 1'000'000);
    CHECK(ppm_of(0, 3) == 0);
    CHECK(ppm_of(5, 0) == 0);
    CHECK(ppm_of(604'800'000'000'000, 604'800'000'000'000) == 1'000'000);
}
