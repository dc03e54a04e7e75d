#include "livepeer/wire.hpp"

#include <doctest/doctest.h>

#include "stipend/json_parse.hpp"

using namespace livepeer;

TEST_CASE("the Livepeer header names both spellings of the one address, as golden bytes") {
    // base64 of {"request":"{}","parameters":"{\"orchestrators\":{\"include\":[\"https://172.23.0.7:9995\",
    // \"https://172.23.0.7:9995/\"]}}","capability":"agent-net","timeout_seconds":20}
    const std::string golden =
        "eyJyZXF1ZXN0Ijoie30iLCJwYXJhbWV0ZXJzIjoie1wib3JjaGVzdHJhdG9yc1wiOntcImluY2x1ZGVcIjpbXCJodHRwczovLzE3Mi4yMy4wLj"
        "c6OTk5NVwiLFwiaHR0cHM6Ly8xNzIuMjMuMC43Ojk5OTUvXCJdfX0iLCJjYXBhYmlsaXR5IjoiYWdlbnQtbmV0IiwidGltZW91dF9zZWNvbmRz"
        "IjoyMH0=";
    CHECK(livepeer_header("https://172.23.0.7:9995", "agent-net", 20) == golden);
    CHECK(livepeer_header("https://172.23.0.7:9995/", "agent-net", 20) == golden);
}

TEST_CASE("the Livepeer header is padded for every length, and escapes what JSON must") {
    // Made by Python's json and base64 modules.
    CHECK(livepeer_header("https://a", "c", 1) ==
          "eyJyZXF1ZXN0Ijoie30iLCJwYXJhbWV0ZXJzIjoie1wib3JjaGVzdHJhdG9yc1wiOntcImluY2x1ZGVcIjpbXCJodHRwczovL2Fc"
          "IixcImh0dHBzOi8vYS9cIl19fSIsImNhcGFiaWxpdHkiOiJjIiwidGltZW91dF9zZWNvbmRzIjoxfQ==");
    CHECK(livepeer_header("https://a", "cd", 1) ==
          "eyJyZXF1ZXN0Ijoie30iLCJwYXJhbWV0ZXJzIjoie1wib3JjaGVzdHJhdG9yc1wiOntcImluY2x1ZGVcIjpbXCJodHRwczovL2Fc"
          "IixcImh0dHBzOi8vYS9cIl19fSIsImNhcGFiaWxpdHkiOiJjZCIsInRpbWVvdXRfc2Vjb25kcyI6MX0=");
    CHECK(livepeer_header("https://a\"b", "cde", 1) ==
          "eyJyZXF1ZXN0Ijoie30iLCJwYXJhbWV0ZXJzIjoie1wib3JjaGVzdHJhdG9yc1wiOntcImluY2x1ZGVcIjpbXCJodHRwczovL2Fc"
          "XFwiYlwiLFwiaHR0cHM6Ly9hXFxcImIvXCJdfX0iLCJjYXBhYmlsaXR5IjoiY2RlIiwidGltZW91dF9zZWNvbmRzIjoxfQ==");
}

TEST_CASE("a job that is not pinned names no orchestrator") {
    // base64 of {"request":"{}","parameters":"{}","capability":"text-reversal","timeout_seconds":60}
    CHECK(unpinned_header("text-reversal", 60) ==
          "eyJyZXF1ZXN0Ijoie30iLCJwYXJhbWV0ZXJzIjoie30iLCJjYXBhYmlsaXR5IjoidGV4dC1yZXZlcnNhbCIsInRpbWVvdXRfc2Vjb25kcy"
          "I6NjB9");
}

TEST_CASE("only one trailing slash does not change an address") {
    CHECK(same_address("https://a:1", "https://a:1/"));
    CHECK(same_address("https://a:1/", "https://a:1/"));
    CHECK_FALSE(same_address("https://a:1", "https://a:1//"));
    CHECK(same_address("https://a:1", "https://A:1/"));
    CHECK(same_address("https://a", "https://A.:443/"));
    CHECK_FALSE(same_address("https://a:1", "https://a:11"));
}

TEST_CASE("the body of a distributed call has its type and the payload as it is") {
    CHECK(call_body(
              {.type = "a\"b", .payload = R"({"x":1})", .agent_id = "orch-1", .job_id = "j:0", .at = 1'500'000'000}) ==
          R"({"action":"a\"b","agent_id":"orch-1","job_id":"j:0","timestamp":1.500,"payload":{"x":1}})");
}

TEST_CASE("the body of a job has its fields in order, and a timestamp without binary floating point") {
    CHECK(
        job_body({.agent_id = "orch-1", .window_s = 60, .at = 1'755'530'000'123'999'999}) ==
        R"({"action":"service-monitoring","agent_id":"orch-1","include_utilization":true,"timestamp":1755530000.123,"window_seconds":60})");
    CHECK(
        job_body({.agent_id = "a\"b", .job_id = "j-7", .nonce = std::string_view("\x00\xff", 2), .at = 0}) ==
        R"({"action":"service-monitoring","agent_id":"a\"b","include_utilization":true,"timestamp":0.000,"job_id":"j-7","nonce":"00ff","period_from":"0","period_to":"0"})");
}

TEST_CASE("a timestamp keeps its zeros") {
    CHECK(timestamp_text(1'755'530'000'007'000'000) == "1755530000.007");
    CHECK(timestamp_text(1'755'530'000'000'000'000) == "1755530000.000");
    CHECK(timestamp_text(999'999) == "0.000");
}

TEST_CASE("an invalid address, capability or path is rejected with the reason") {
    CHECK(check_url("https://10.0.0.7:9995/").ok());
    CHECK(check_url("ftp://a").error().message == "bad URL: got \"ftp://a\": want http://host:port or https://");
    CHECK(check_url("https://a b").error().message ==
          "bad URL: got \"https://a b\": want no blanks, and letters of ASCII only");
    CHECK(check_url("https://a\r\nX: y").error().status == STIPEND_E_INVALID);
    for (const auto* port : {"0", "65536", "", "x", "-1", "99999999999"}) {
        CHECK(check_url(stipend::cat("https://a:", port)).error().message ==
              stipend::cat("bad URL: got \"https://a:", port, "\": want a port from 1 to 65535"));
    }
    CHECK(check_url("https://[::1]:65535").ok());
    CHECK(check_url("https://a").ok());
    CHECK(check_url("https://:9").error().message == "bad URL: got \"https://:9\": no host in it");
    CHECK(check_url("https://a/?q").error().message == "bad URL: got \"https://a/?q\": want no query and no fragment");
    CHECK(check_capability("agent-net").ok());
    CHECK_FALSE(check_capability("").ok());
    CHECK_FALSE(check_capability("a/b").ok());
    CHECK(check_path("a/b").ok());
    CHECK_FALSE(check_path("a/../b").ok());
    CHECK_FALSE(check_path("a?b").ok());
}

TEST_CASE("untrusted text is escaped for a message") {
    CHECK(printable("a\nb\x1b[0m\xc3\xa4", 100) == "a?b?[0m??");
    CHECK(printable("abcdef", 3) == "abc...");
}
