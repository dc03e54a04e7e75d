#include "settings.hpp"

#include <doctest/doctest.h>

#include "stipend/json_parse.hpp"

namespace {

stipend::Result<runner::Settings> parse(const std::string& text) {
    const auto json = stipend::parse_json(text);
    REQUIRE(json.ok());
    return runner::parse_settings(*json, {});
}
std::string refusal(const std::string& text) {
    const auto settings = parse(text);
    REQUIRE_FALSE(settings.ok());
    return settings.error().path + ": " + settings.error().message;
}

}  // namespace

TEST_CASE("nothing is paid by default") {
    const auto settings = parse("{}");
    REQUIRE(settings.ok());
    CHECK(settings->max_price == 0);
    CHECK(settings->signer.empty());
    CHECK(settings->app == "agent-net");
    CHECK_FALSE(settings->signed_only);
}

TEST_CASE("a price needs a signer, and a mistake is named with its place") {
    CHECK(refusal(R"({"max_price":5})").find("got 5 without a signer") != std::string::npos);
    CHECK(refusal(R"({"signer":"127.0.0.1:7936"})").find("/signer") == 0);
    CHECK(refusal(R"({"app":"a b"})").find("/app") == 0);
    CHECK(refusal(R"({"path":"/a?b"})").find("/path") == 0);
    CHECK(refusal(R"({"timeout":"1500ms"})").find("want whole seconds") != std::string::npos);
    CHECK(refusal(R"({"discovery_age":"61s"})").find("/discovery_age") == 0);
    CHECK(refusal(R"({"witness":["ftp://a"]})").find("/witness/0") == 0);
    CHECK(refusal(R"({"witness":["http://a","tcp://a"]})").find("/witness/1: ") == 0);
    CHECK(refusal(R"({"witness":["tcp://a:5/b"]})").find("want tcp://host:port and nothing more") != std::string::npos);
    CHECK(parse(R"({"witness":["https://a.example/?q","tcp://[::1]:53"]})")->witnesses.size() == 2);
    CHECK(refusal(R"({"evidence":"none"})").find("want any or signed") != std::string::npos);
    CHECK(refusal(R"({"orchestrator_pins":{"http://a:1":"/c.pem"}})").find("want an https address") !=
          std::string::npos);
    CHECK(parse(R"({"signer":"http://127.0.0.1:7936/","max_price":"5000000000"})")->signer == "http://127.0.0.1:7936");
}
