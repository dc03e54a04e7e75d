#include "settings.hpp"

#include <doctest/doctest.h>

#include "stipend/json_parse.hpp"

namespace {

stipend::Result<byoc::Settings> parse(const std::string& more) {
    const auto json = stipend::parse_json(R"({"gateway":"http://gw:9935/")" + (more.empty() ? "" : "," + more) + "}");
    REQUIRE(json.ok());
    return byoc::parse_settings(*json, {});
}

std::string complaint(const std::string& more) {
    const auto settings = parse(more);
    return settings ? "accepted" : settings.error().path + ": " + settings.error().message;
}

}  // namespace

TEST_CASE("the gateway alone is enough") {
    const auto settings = parse("");
    REQUIRE(settings.ok());
    CHECK(settings->gateway == "http://gw:9935");
    CHECK(settings->capability == "agent-net");
    CHECK(settings->path == "");
    CHECK(settings->timeout_s == 20);
    CHECK(settings->max_price == 0);
    CHECK(settings->price_check_ns == 60'000'000'000);
    CHECK(settings->retry_after_ns == 5'000'000'000);
    CHECK(settings->max_body == 1'048'576);
    CHECK_FALSE(settings->signed_only);
}

TEST_CASE("paid jobs get two minutes, and never less than one") {
    CHECK(parse(R"("max_price_per_second":1)")->timeout_s == 120);
    CHECK(parse(R"("max_price_per_second":"1","timeout":"60s")")->timeout_s == 60);
    CHECK(
        complaint(R"("max_price_per_second":1,"timeout":"59s")") ==
        "/timeout: got 59s, want at least 60s where max_price_per_second is not 0: orchestrators want credit for that "
        "long");
    CHECK(parse(R"("timeout":"1s")")->timeout_s == 1);
}

TEST_CASE("each value is checked, and the complaint points at it") {
    CHECK(complaint(R"("timeout":"1.5s")") == "/timeout: got 1500ms, want whole seconds");
    CHECK(complaint(R"("timeout":20)") == "/timeout: got \"20\", want a duration with its unit, such as 60s");
    CHECK(complaint(R"("capability":"a/b")") ==
          "/capability: bad capability: got \"a/b\", want 1 to 128 letters, digits, '.', '_' and '-'");
    CHECK(complaint(R"("path":"a?b")") == "/path: bad path: got \"a?b\": a gateway drops queries and fragments");
    CHECK(complaint(R"("max_price_per_second":-1)") == "/max_price_per_second: got -1, want 0 .. 1000000000000000000");
    CHECK(complaint(R"("max_price_per_second":0.5)") ==
          "/max_price_per_second: too precise: 0.5 has more than 0 decimals");
    CHECK(complaint(R"("price_check":"sometimes")").starts_with("/price_check: not a duration"));
    CHECK(parse(R"("price_check":"off","price_unseen":"allow")")->price_check_ns == 0);
    CHECK(complaint(R"("price_check":"off")").starts_with("/price_check: got off, want a duration"));
    CHECK(complaint(R"("price_check":"61s")").find("60s") != std::string::npos);
    CHECK(complaint(R"("price_unseen":"maybe")") == "/price_unseen: got \"maybe\", want refuse or allow");
    CHECK_FALSE(parse(R"("evidence":"any")")->signed_only);
    CHECK(parse(R"("evidence":"signed")")->signed_only);
    CHECK(complaint(R"("evidence":"some")") == "/evidence: got \"some\", want any or signed");
    CHECK(complaint(R"("max_body":10)") == "/max_body: got 10, want 1024 .. 67108864");
    CHECK(parse(R"("quarantine":"0s")")->quarantine_ns == 0);
    CHECK(complaint(R"("quarantine":"366d")").starts_with("/quarantine: got 366d, want 0"));
    CHECK(complaint(R"("orchestrator_pins":{"https://a/":"ab"})") ==
          "/orchestrator_pins/https:~1~1a~1: got 2 characters, want the 64 hex digits of a SHA-256, or the absolute "
          "path of "
          "a certificate");
    const auto pin = "\"" + std::string(64, 'a') + "\"";
    CHECK(parse(R"("orchestrator_pins":{"https://A./":)" + pin + "}")->trust.contains("https://a"));
    CHECK(complaint(R"("orchestrator_pins":{"https://A:443":)" + pin + R"(,"https://a":)" + pin + "}")
              .ends_with("which has one under another spelling: want it once"));
}

TEST_CASE("a gateway that is no URL is refused") {
    const auto json = stipend::parse_json(R"({"gateway":"gw:9935"})");
    CHECK(byoc::parse_settings(*json, {}).error().message ==
          "bad URL: got \"gw:9935\": want http://host:port or https://");
    CHECK(byoc::parse_settings(*stipend::parse_json("{}"), {}).error().message == "missing, want a string");
}
