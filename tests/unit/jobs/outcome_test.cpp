#include "tools/jobs/outcome.hpp"

#include <doctest/doctest.h>

using namespace stipend::jobs;

namespace {

const Asked one{.address = "https://10.0.0.7:9995", .announced = {"https://orch.example:9995"}};
const std::string none_found = "No orchestrators found for capability agent-net\n";

Outcome outcome(int status, const std::string& served_by, const std::string& body, const Asked& asked = one,
                const Check& check = {}) {
    return judge({.status = status, .served_by = served_by, .body = body}, asked, check).outcome;
}

}  // namespace

TEST_CASE("an answer has the class of its status") {
    CHECK(outcome(200, one.address, "{}") == Outcome::succeeded);
    CHECK(outcome(400, "", none_found) == Outcome::no_orchestrators);
    CHECK(outcome(503, "", none_found) == Outcome::no_orchestrators);
    CHECK(outcome(400, "", "other") == Outcome::client_error);
    CHECK(outcome(503, "", "other") == Outcome::server_error);
    CHECK(outcome(200, "", "") == Outcome::empty);
    CHECK(outcome(200, "", "{}") == Outcome::unexpected);
    CHECK(outcome(302, "", "") == Outcome::unexpected);
}

TEST_CASE("an answer is by the orchestrator that was asked, under its address or the one that it announces") {
    CHECK(outcome(200, "https://10.0.0.7:9995/", "{}") == Outcome::succeeded);
    CHECK(outcome(200, "https://orch.example:9995", "{}") == Outcome::succeeded);
    const auto judged = judge({.status = 200, .served_by = "https://10.0.0.8:9995", .body = "{}"}, one, {});
    CHECK(judged.outcome == Outcome::other);
    CHECK(judged.why == "answered by https://10.0.0.8:9995, want https://10.0.0.7:9995");
    CHECK(outcome(200, "https://10.0.0.8:9995", "{}", Asked()) == Outcome::succeeded);
}

TEST_CASE("a body is checked by what is wanted of it") {
    const auto checked = [](const char* check, const std::string& body) {
        return outcome(200, one.address, body, one, *parse_check(check));
    };
    CHECK(checked("json", "{\"a\":[1]}") == Outcome::succeeded);
    CHECK(checked("json", "{\"a\":[1}") == Outcome::body_check);
    CHECK(checked("uptime", R"({"overall_uptime_percentage":99.5})") == Outcome::succeeded);
    CHECK(checked("uptime", R"({"overall_uptime_percentage":"99.5"})") == Outcome::body_check);
    CHECK(checked("uptime", "{}") == Outcome::body_check);
    CHECK(checked("contains:cba", R"({"reversed":"cba"})") == Outcome::succeeded);
    CHECK(checked("contains:xyz", R"({"reversed":"cba"})") == Outcome::body_check);
    CHECK(parse_check("contains:").error().message ==
          "bad check: got \"contains:\", want json, uptime or contains:TEXT");
    CHECK_FALSE(parse_check("xml").ok());
}

TEST_CASE("each class has a name of its own") {
    for (std::size_t a = 0; a < outcomes; ++a) {
        CHECK_FALSE(name_of(static_cast<Outcome>(a)).empty());
        for (std::size_t b = 0; b < a; ++b) CHECK(name_of(static_cast<Outcome>(a)) != name_of(static_cast<Outcome>(b)));
    }
}
