#include "docker_answers.hpp"

#include <doctest/doctest.h>

#include "docker_names.hpp"
#include "docker_time.hpp"

using namespace monitor::docker;
using stipend::cat;

namespace {

std::string version_of(std::string_view body) {
    const auto api = negotiate(body);
    return api ? api->text() : api.error().message;
}

template <class T>
std::string error_of(const stipend::Result<T>& result) {
    return result ? "no error" : result.error().message;
}

const std::string id(64, 'a');

std::string entry(const std::string& state, const std::string& status) {
    return cat(R"([{"Id":")", id, R"(","Names":["/redis"],"Image":"i","State":")", state, R"(","Status":")", status,
               R"(","Labels":null}])");
}

}  // namespace

TEST_CASE("the highest version that both speak is taken, and an engine out of reach is refused") {
    CHECK(version_of(R"({"ApiVersion":"1.41","MinAPIVersion":"1.12"})") == "1.41");
    CHECK(version_of(R"({"ApiVersion":"1.24"})") == "1.24");
    CHECK(version_of(R"({"ApiVersion":"1.99","MinAPIVersion":"1.44"})") == "1.52");
    CHECK(version_of(R"({"ApiVersion":"1.23"})") == "the engine is too old: got API 1.23, want at least 1.24");
    CHECK(version_of(R"({"ApiVersion":"2.1","MinAPIVersion":"2.0"})") ==
          "the engine is too new: it wants API 2.0 or later, this monitor speaks at most 1.52");
    CHECK(version_of(R"({"ApiVersion":"1"})") == "ApiVersion: got , want 0 .. 1000");
    CHECK(version_of(R"({"ApiVersion":1.41})") == "ApiVersion: got a number, want a string");
    CHECK(version_of("[]") == "got an array, want an object");
}

TEST_CASE("a list has state and health") {
    const auto health = [](const std::string& status) {
        const auto list = parse_list(entry("running", status));
        REQUIRE(list.ok());
        return list->at(0).health;
    };
    CHECK(health("Up 2 hours") == Health::none);
    CHECK(health("Up 2 hours (healthy)") == Health::healthy);
    CHECK(health("Up 2 hours (unhealthy)") == Health::unhealthy);
    CHECK(health("Up 2 seconds (health: starting)") == Health::starting);
    for (const auto* state : {"created", "running", "paused", "restarting", "removing", "exited", "dead"}) {
        const auto list = parse_list(entry(state, ""));
        REQUIRE(list.ok());
        CHECK(name_of(list->at(0).state) == state);
    }
    CHECK(parse_list(entry("on fire", ""))->at(0).state == State::other);
    CHECK(parse_list(entry("running", "Up 3 seconds"))->at(0).young);
    CHECK_FALSE(parse_list(entry("running", "Up 3 hours"))->at(0).young);
}

TEST_CASE("what an answer lacks or has wrong is named") {
    CHECK(error_of(parse_list("{}")) == "got an object, want an array");
    const auto unread = [](const std::string& body) { return parse_list(body)->at(0).unread; };
    CHECK(unread("[1]") == "got a number, want an object");
    CHECK(unread(R"([{"Id":"../../x"}])") == "Id: got \"../../x\", want a container's id in hex digits");
    CHECK(unread(cat(R"([{"Id":")", id, R"(","Names":"x"}])")) == "Names: got a string, want an array");
    CHECK(unread(cat(R"([{"Id":")", id, R"(","Names":["/)", std::string(256, 'n'), R"("]}])")) ==
          "Names: got one of 256 bytes, want at most 255");
    CHECK(unread(cat(R"([{"Id":")", id, R"(","Image":"i","State":5}])")) == "State: got a number, want a string");
    CHECK(error_of(parse_details(R"({"State":[]})")) == "State: got an array, want an object");
    CHECK(error_of(parse_event(R"({"Action":"die","timeNano":-1})")).starts_with("timeNano: got -1, want 1 .. "));
    CHECK(error_of(parse_event(R"({"Action":"die","timeNano":1e30})")).starts_with("timeNano: got 1e30"));
    CHECK(error_of(parse_event("{\"Action\":\"\xff\"}")).starts_with("not JSON at byte "));
    CHECK(error_of(parse_list(std::string(max_list_bytes + 1, ' '))).starts_with("JSON too large"));
}

TEST_CASE("a container without a name of its own is left out") {
    CHECK(parse_list(cat(R"([{"Id":")", id, R"(","Names":null,"Image":"i","State":"dead","Status":""}])"))->empty());
    CHECK(
        parse_list(cat(R"([{"Id":")", id, R"(","Names":["/a/b"],"Image":"i","State":"dead","Status":""}])"))->empty());
}

TEST_CASE("times are read to the nanosecond, with offsets, and never is 0") {
    const auto at = [](std::string_view text) {
        const auto time = parse_time(text);
        return time ? *time : -1;
    };
    CHECK(at("2025-08-18T15:26:03.123456789Z") == 1'755'530'763'123'456'789);
    CHECK(at("2025-08-18T15:26:03Z") == 1'755'530'763'000'000'000);
    CHECK(at("2025-08-18T17:56:03.5+02:30") == 1'755'530'763'500'000'000);
    CHECK(at("2025-08-18T13:26:03-02:00") == 1'755'530'763'000'000'000);
    CHECK(at("0001-01-01T00:00:00Z") == 0);
    for (const auto* bad : {"", "2025-08-18", "2025-02-30T00:00:00Z", "2025-08-18T25:00:00Z", "2025-08-18T15:26:03",
                            "2025-08-18T15:26:03.Z", "2025-08-18T15:26:03.1234567890Z", "2025-08-18T15:26:03+0200",
                            "9999-01-01T00:00:00Z", "2025-08-18T15:26:03ZZ"}) {
        CAPTURE(bad);
        CHECK(at(bad) == -1);
    }
    CHECK(time_text(1'755'530'763'123'456'789) == "2025-08-18T15:26:03.123Z");
}

TEST_CASE("lines are the same however their parts fall, and one that is too long is dropped alone") {
    const std::string text = "one\r\n\n  \ntwo\n" + std::string(max_event_bytes + 1, 'x') + "\nthree\nunfinished";
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, text.size()}) {
        Lines lines;
        std::string got;
        for (std::size_t at = 0; at < text.size(); at += step) {
            REQUIRE(lines
                        .feed(text.substr(at, step),
                              [&](std::string_view line) -> stipend::Result<void> {
                                  got += cat("<", line, ">");
                                  return {};
                              })
                        .ok());
        }
        CHECK(got == "<one><two><three>");
        CHECK(lines.dropped() == 1);
    }
}

TEST_CASE("an endpoint names a container or a pattern, and nothing else") {
    CHECK(parse_endpoint("docker:redis_scb")->name == "redis_scb");
    CHECK(parse_endpoint("docker:s1_*")->name == "s1_*");
    CHECK(parse_endpoint("docker:s?_*")->name == "s?_*");
    for (const auto* bad :
         {"docker:", "docker:/redis", "docker://redis", "http://redis", "docker:a b", "docker:-x", "docker:a?b"}) {
        CAPTURE(bad);
        CHECK(error_of(parse_endpoint(bad)) == cat("bad endpoint: got \"", bad, "\", want docker:NAME of a container, ",
                                                   "or docker:PATTERN with * in it"));
    }
}
