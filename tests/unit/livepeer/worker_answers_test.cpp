// Numbers and texts of the worker's answers.
#include "livepeer/worker_answers.hpp"

#include <doctest/doctest.h>

using namespace livepeer;
using stipend::ServiceReport;

TEST_CASE("percentages are exact, with at least one decimal") {
    CHECK(percent_text(1'000'000) == "100.0");
    CHECK(percent_text(0) == "0.0");
    CHECK(percent_text(714'285) == "71.4285");
    CHECK(percent_text(714'280) == "71.428");
    CHECK(percent_text(1) == "0.0001");
    CHECK(percent_text(800'000) == "80.0");
}

TEST_CASE("times are UTC with milliseconds") {
    CHECK(rfc3339_text(1'755'530'000'123'999'999) == "2025-08-18T15:13:20.123Z");
    CHECK(rfc3339_text(0) == "1970-01-01T00:00:00.000Z");
    CHECK(rfc3339_text(1'709'208'000'000'000'000) == "2024-02-29T12:00:00.000Z");
}

TEST_CASE("an uptime of at least min_uptime is eligible") {
    ServiceReport report;
    WorkerSettings settings;
    report.overall_ppm = 800'000;
    CHECK(uptime_answer(report, settings).find("eligible_for_payment")->truth());
    report.overall_ppm = 799'999;
    CHECK_FALSE(uptime_answer(report, settings).find("eligible_for_payment")->truth());
}

TEST_CASE("a moment of downtime is never reported as 0 seconds") {
    ServiceReport report;
    report.services.push_back({.name = "a", .verdict = STIPEND_UP, .not_up_ns = 1});
    report.services.push_back(
        {.name = "b", .verdict = STIPEND_DOWN, .not_up_since = 1'755'530'000'000'000'000, .not_up_ns = 60'000'000'000});
    report.services.push_back({.name = "c", .verdict = STIPEND_UP});
    CHECK(
        uptime_answer(report, {}).find("down")->dump() ==
        R"([{"name":"a","since":null,"seconds":0.001},{"name":"b","since":"2025-08-18T15:13:20.000Z","seconds":60.0}])");
}

TEST_CASE("the reason of a service without a container is plain text") {
    ServiceReport report;
    report.services.push_back({.name = "web", .verdict = STIPEND_DOWN, .why = "connection refused"});
    report.services.push_back({.name = "tcp", .verdict = STIPEND_UP, .why = "{\"state\":7}"});
    report.services.push_back(
        {.name = "sick", .verdict = STIPEND_DOWN, .why = R"({"state":"running","health":"unhealthy"})"});
    const auto answer = status_answer(report, {});
    const auto& services = *answer.find("services");
    const auto part = [&](const char* name, const char* key) { return services.find(name)->find(key)->text(); };
    CHECK(part("web", "status") == "down");
    CHECK(part("web", "running") == "false");
    CHECK(part("web", "why") == "connection refused");
    CHECK(part("tcp", "status") == "running");
    CHECK(part("sick", "status") == "running");
    CHECK(part("sick", "running") == "false");  // as it should: an unhealthy container counts as down
    CHECK(part("sick", "health") == "unhealthy");
    CHECK(part("sick", "verdict") == "down");
    CHECK(answer.find("summary")->find("services_up")->text() == "1");
}

TEST_CASE("metadata is one line of ASCII for any agent_id") {
    CHECK(metadata_text({}, {}, {.agent_id = "a\"\r\n\xc3\xa4"}) ==
          R"({"capability":"agent-net","agent_id":"a\"????","timestamp":0.000,"uptime":0.0,"eligible":false})");
}
