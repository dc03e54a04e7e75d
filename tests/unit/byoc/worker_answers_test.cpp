// Numbers and texts of the worker's answers.
#include "worker_answers.hpp"

#include <doctest/doctest.h>

using namespace byoc;

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

TEST_CASE("eligible means at least the least uptime, that included") {
    ServicesSeen seen;
    WorkerSettings settings;
    seen.overall_ppm = 800'000;
    CHECK(uptime_answer(seen, settings).find("eligible_for_payment")->truth());
    seen.overall_ppm = 799'999;
    CHECK_FALSE(uptime_answer(seen, settings).find("eligible_for_payment")->truth());
}

TEST_CASE("what was not up for a moment is never told as nothing") {
    ServicesSeen seen;
    seen.services.push_back({.name = "a", .verdict = "up", .not_up_ns = 1});
    seen.services.push_back(
        {.name = "b", .verdict = "down", .not_up_since = 1'755'530'000'000'000'000, .not_up_ns = 60'000'000'000});
    seen.services.push_back({.name = "c", .verdict = "up"});
    CHECK(
        uptime_answer(seen, {}).find("down")->dump() ==
        R"([{"name":"a","since":null,"seconds":0.001},{"name":"b","since":"2025-08-18T15:13:20.000Z","seconds":60.0}])");
}

TEST_CASE("a service that is no container tells why in plain words") {
    ServicesSeen seen;
    seen.services.push_back({.name = "web", .verdict = "down", .why = "connection refused"});
    seen.services.push_back({.name = "tcp", .verdict = "up", .why = "{\"state\":7}"});
    seen.services.push_back({.name = "sick", .verdict = "down", .why = R"({"state":"running","health":"unhealthy"})"});
    const auto answer = status_answer(seen, {});
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

TEST_CASE("metadata is one line of ASCII, whoever asks") {
    CHECK(metadata_text({}, {}, {.agent_id = "a\"\r\n\xc3\xa4"}) ==
          R"({"capability":"agent-net","agent_id":"a\"????","timestamp":0.000,"uptime":0.0,"eligible":false})");
}

TEST_CASE("the host's view is read, and what is not its shape is refused with the place") {
    const auto complaint = [](const std::string& services) {
        const auto seen = read_services(
            R"({"now_ns":"1","window_seconds":60,"overall_ppm":1,"coverage_ppm":2,"found":[],"services":)" + services +
            "}");
        return seen ? "good" : seen.error().message;
    };
    CHECK(complaint("[]") == "good");
    CHECK(complaint(R"([{"name":"a","verdict":"fine"}])") ==
          "the host's view of the services: /services/0/verdict: got \"fine\", want up, down or unknown");
    CHECK(complaint(R"([{"verdict":"up"}])") ==
          "the host's view of the services: /services/0/name: missing, want a string");
    CHECK(read_services("{").error().message.starts_with("not JSON"));
}
