#include "tools/jobs/report.hpp"

#include <doctest/doctest.h>

#include <string>

#include "stipend/duration.hpp"
#include "tools/jobs/load.hpp"
#include "tools/jobs/plan.hpp"

using namespace stipend;
using namespace stipend::jobs;

namespace {

Plan day() {
    Plan plan;
    plan.duration_ns = 86'400 * ns_per_s;
    return plan;
}

Run hour() {
    Run run;
    run.elapsed_ns = 3'600 * ns_per_s;
    run.in_flight = 17;
    run.totals.sent = 360'017;
    run.totals.by_outcome[0] = 359'000;
    run.totals.corrected.record(50'000);
    return run;
}

const std::string head = "3600 s of 86400 s: 360017 sent";
const std::string failed = head + ", 1000 failed";
const std::string latency = failed + ", p50 50 ms, p99 50 ms";
const std::string whole = latency + ", 17 under way";

}  // namespace

TEST_CASE("the line on a load has all its figures where they fit") {
    CHECK(live_line(hour(), day(), 199) == whole);
    CHECK(live_line(hour(), day(), whole.size()) == whole);
}

TEST_CASE("a figure that does not fit whole is left out of the line on a load") {
    CHECK(live_line(hour(), day(), whole.size() - 1) == latency);
    CHECK(live_line(hour(), day(), latency.size() - 1) == failed);
    CHECK(live_line(hour(), day(), failed.size() - 1) == head);
    CHECK(live_line(hour(), day(), head.size() - 1).empty());
    CHECK(live_line(hour(), day(), 0).empty());
}
