#include "tools/jobs/threshold.hpp"

#include <doctest/doctest.h>

using namespace stipend::jobs;

namespace {

// 1000 planned, 990 of them succeeded within 1 to 990 ms; 4 time-outs, 6 never sent.
Totals totals() {
    Totals out;
    out.planned = 1000;
    out.sent = 994;
    out.by_outcome[static_cast<std::size_t>(Outcome::succeeded)] = 990;
    out.by_outcome[static_cast<std::size_t>(Outcome::timeout)] = 4;
    for (int ms = 1; ms <= 990; ++ms) {
        out.corrected.record(ms * 1000);
        out.service.record(500);
    }
    return out;
}
bool held(const char* text) {
    const auto thresholds = parse_thresholds(text);
    REQUIRE_MESSAGE(thresholds.ok(), text);
    bool out = true;
    for (const auto& threshold : *thresholds) out = out && compare(threshold, totals()).held;
    return out;
}

}  // namespace

TEST_CASE("a threshold compares latencies, shares of what was planned, and numbers of jobs") {
    CHECK(held("p50<500ms"));
    CHECK_FALSE(held("p50<495ms"));
    CHECK(held("p50<=496ms"));
    CHECK(held("max<=990ms"));
    CHECK_FALSE(held("max<990ms"));
    CHECK(held("service.p99<1ms"));
    CHECK_FALSE(held("p99<1ms"));
    CHECK(held("success>=99%"));
    CHECK_FALSE(held("success>99%"));
    CHECK(held("success>98.9999%"));
    CHECK(held("failed<=1%"));
    CHECK_FALSE(held("failed<10"));
    CHECK(held("timeout<=4"));
    CHECK_FALSE(held("timeout<0.4%"));
    CHECK(held("4xx<=0, 5xx<1"));
    CHECK_FALSE(held("success>98%,p50<1ms"));
}

TEST_CASE("a threshold holds for nothing where there is nothing") {
    for (const auto* text : {"p99<1h", "max>0ms", "success>=0%", "5xx<100%"}) {
        const auto got = compare(parse_thresholds(text)->front(), Totals());
        CHECK_MESSAGE(!got.held, text);
    }
    CHECK(compare(parse_thresholds("p99<1h")->front(), Totals()).got == "no job has a latency");
}

TEST_CASE("a threshold that is none is refused with the reason") {
    const auto why = [](const char* text) { return parse_thresholds(text).error().message; };
    CHECK(why("p99") == "bad threshold: got \"p99\": want a name, < or >, and a value, such as p99<500ms");
    CHECK(
        why("p99<500") ==
        "bad threshold: got \"p99<500\": not a duration: got \"500\", want a number with a unit, such as 60s, 1.5h or "
        "250ms");
    CHECK(why("success>101%") == "bad threshold: got \"success>101%\": want at most 100 %");
    for (const auto* bad : {"", "p98<1s", "service.success>9%", "success>x%", "4xx<-1", "p99<1s,", "success=99%"}) {
        CHECK_MESSAGE(!parse_thresholds(bad).ok(), bad);
    }
}
