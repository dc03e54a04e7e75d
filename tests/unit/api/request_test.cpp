// Paths, queries, rates and replies of the API.
#include "host/api/request.hpp"

#include <doctest/doctest.h>

#include <array>

#include "host/api/rate_limit.hpp"
#include "host/api/reply.hpp"
#include "stipend/duration.hpp"

using namespace stipend;
using namespace stipend::api;

TEST_CASE("a path matches segment by segment, as it is written") {
    const auto one = match_path("/a/{id}/b", "/a/x%2Fy/b");
    REQUIRE(one.has_value());
    CHECK(one->at("id") == "x%2Fy");
    CHECK(match_path("/a", "/a").has_value());
    for (const auto* path :
         {"/a//b", "/a/x/b/", "/a/x", "/a/x/c", "//a/x/b", "/A/x/b", "/a/x/b/c", "", "/", "/%61/x/b"}) {
        CHECK_FALSE(match_path("/a/{id}/b", path).has_value());
    }
}

TEST_CASE("percent-encoding is decoded once, to printable ASCII only") {
    CHECK(*percent_decode("a%20b%2f%25") == "a b/%");
    CHECK(*percent_decode("a+b") == "a+b");
    CHECK(*percent_decode("%2525") == "%25");
    for (const auto* bad : {"%", "%4", "%4g", "%00", "%0a", "%1B", "%7f", "%c3%a4", "a\tb"}) {
        CHECK_FALSE(percent_decode(bad).ok());
    }
}

TEST_CASE("a query has known parameters, each once") {
    constexpr std::array<std::string_view, 2> known{"limit", "cursor"};
    const auto query = parse_query("limit=5&cursor=a%3Db", known);
    REQUIRE(query.ok());
    CHECK(query->at("limit") == "5");
    CHECK(query->at("cursor") == "a=b");
    CHECK(parse_query("", known)->empty());
    CHECK(parse_query("limit=1&limit=2", known).error().message == "query parameter \"limit\": want it once");
    CHECK(parse_query("Limit=1", known).error().message == "unknown query parameter \"Limit\"");
    CHECK(parse_query("limit=%zz", known).error().message ==
          "query parameter \"limit\": got a % without two hex digits");
    CHECK(parse_query("limit=1&", known)->size() == 1);
    CHECK_FALSE(parse_query("&", known).ok());
}

TEST_CASE("numbers and texts of a request are within their bounds") {
    Request request;
    request.query = {{"limit", "50"}, {"bad", "5x"}, {"big", "201"}, {"huge", "99999999999999999999"}};
    CHECK(*request.number("limit", 1, 1, 200) == 50);
    CHECK(*request.number("none", 7, 1, 200) == 7);
    CHECK(request.number("bad", 1, 1, 200).error().message ==
          "query parameter \"bad\": got \"5x\", want a whole number from 1 to 200");
    CHECK_FALSE(request.number("big", 1, 1, 200).ok());
    CHECK_FALSE(request.number("huge", 1, 1, 200).ok());
    request.body = Json::object().append("a", "text").append("n", 5).append("e", "");
    CHECK(*request.text("a", 4) == "text");
    CHECK(request.text("x", 4).error().message == "the member \"x\" is missing");
    for (const auto* name : {"n", "e"}) CHECK_FALSE(request.text(name, 4).ok());
    CHECK_FALSE(request.text("a", 3).ok());
}

TEST_CASE("a client has its burst, then one request a step; clients and kinds do not share") {
    RateLimits limits(RateLimits::Rules{{{60, 2}, {120, 3}, {60, 1}}});
    CHECK(limits.take("a", RateClass::login, 0) == 0);
    CHECK(limits.take("a", RateClass::login, 0) == 0);
    CHECK(limits.take("a", RateClass::login, 0) == 1);
    CHECK(limits.take("a", RateClass::login, ns_per_s - 1) == 1);
    CHECK(limits.take("a", RateClass::login, ns_per_s) == 0);
    CHECK(limits.take("b", RateClass::login, 0) == 0);
    CHECK(limits.take("a", RateClass::write, 0) == 0);
    for (int n = 0; n < 3; ++n) CHECK(limits.take("a", RateClass::read, 0) == 0);
    CHECK(limits.take("a", RateClass::read, 0) == 1);
    CHECK(limits.take("a", RateClass::read, 1'500'000'000) == 0);
}

TEST_CASE("10,000 clients are remembered; the one that is unused for longest is forgotten") {
    RateLimits limits(RateLimits::Rules{{{1, 1}, {1, 1}, {1, 1}}});
    for (std::size_t n = 0; n < RateLimits::max_clients; ++n)
        CHECK(limits.take(std::to_string(n), RateClass::read, 0) == 0);
    CHECK(limits.take("0", RateClass::read, 0) > 0);
    CHECK(limits.take("x", RateClass::read, 0) == 0);
    CHECK(limits.size() == RateLimits::max_clients);
    CHECK(limits.take("0", RateClass::read, 0) > 0);
    CHECK(limits.take("1", RateClass::read, 0) == 0);  // forgotten
}

TEST_CASE("a refusal is a problem of RFC 9457") {
    const auto response = response_of(problem_later(429, "too many requests", 7), "");
    CHECK(response.status == 429);
    CHECK(
        response.body ==
        "{\"type\":\"about:blank\",\"title\":\"Too Many Requests\",\"status\":429,\"detail\":\"too many requests\"}\n");
    CHECK(response.headers.find("Content-Type: application/problem+json\r\n") != std::string::npos);
    CHECK(response.headers.find("Retry-After: 7\r\n") != std::string::npos);
    CHECK(response.headers.find("Cache-Control: no-store\r\n") != std::string::npos);
    CHECK(response.headers.find("X-Content-Type-Options: nosniff\r\n") != std::string::npos);
    CHECK(response_of(problem(401, "x"), "").headers.find("WWW-Authenticate: Bearer\r\n") != std::string::npos);
}

TEST_CASE("an error of the host itself keeps its text to the log") {
    CHECK(problem_of(fail(STIPEND_E_INVALID, "want x")).body.find("want x") != std::string::npos);
    CHECK(problem_of(fail(STIPEND_E_INTERNAL, "secret path")).body.find("secret path") == std::string::npos);
    CHECK(problem_of(fail(STIPEND_E_CONFLICT, "there is one")).status == 409);
    CHECK(problem_of(fail(STIPEND_E_BUSY, "x")).status == 503);
}

TEST_CASE("a list has a tag, and is not sent to a client that has it") {
    const auto body = Json::object().append("a", 1);
    const auto first = response_of(tagged_reply(body), "");
    CHECK(first.status == 200);
    const auto from = first.headers.find("ETag: ") + 6;
    const auto tag = first.headers.substr(from, first.headers.find("\r\n", from) - from);
    CHECK(tag.size() == 34);
    for (const auto& match : {tag, "W/" + tag, "\"x\", " + tag, std::string("*")}) {
        const auto again = response_of(tagged_reply(body), match);
        CHECK(again.status == 304);
        CHECK(again.body.empty());
        CHECK(again.headers.find("ETag: " + tag) != std::string::npos);
    }
    CHECK(response_of(tagged_reply(body), "\"x\"").status == 200);
    CHECK(response_of(tagged_reply(Json::object().append("a", 2)), tag).status == 200);
    CHECK(response_of(json_reply(body), tag).status == 200);
}
