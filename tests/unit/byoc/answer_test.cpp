#include "answer.hpp"

#include "livepeer/uptime.hpp"
#include "network.hpp"

using namespace byoc;
using namespace byoc_test;

namespace {

std::string why_not(const std::string& body) {
    const auto uptime = livepeer::read_uptime(body);
    return uptime ? "accepted" : uptime.error().message;
}

std::uint32_t ppm(const std::string& body) {
    const auto uptime = livepeer::read_uptime(body);
    REQUIRE_MESSAGE(uptime.ok(), (uptime.ok() ? "" : uptime.error().message));
    return uptime->ppm;
}

}  // namespace

TEST_CASE("the uptime is the first present of its four names") {
    CHECK(
        ppm(R"({"overall_uptime_percentage":1,"service_uptime":2,"uptime_percentage":3,"services":{"uptime_percentage":4}})") ==
        10'000);
    CHECK(ppm(R"({"services":{"uptime_percentage":4},"uptime_percentage":3,"service_uptime":2})") == 20'000);
    CHECK(ppm(R"({"services":{"uptime_percentage":4},"uptime_percentage":3})") == 30'000);
    CHECK(ppm(R"({"services":{"total":7,"uptime_percentage":4}})") == 40'000);
}

TEST_CASE("an uptime is read exactly and rounded down") {
    CHECK(ppm(R"({"service_uptime":94.999})") == 949'990);
    CHECK(ppm(R"({"service_uptime":94.99999999999999999999})") == 949'999);
    CHECK(ppm(R"({"service_uptime":100})") == 1'000'000);
    CHECK(ppm(R"({"service_uptime":100.0})") == 1'000'000);
    CHECK(ppm(R"({"service_uptime":9.5e1})") == 950'000);
    CHECK(ppm(R"({"service_uptime":-0.0})") == 0);
}

TEST_CASE("an uptime out of range is a failed check") {
    CHECK(why_not(R"({"service_uptime":150})") == "service_uptime: got 150, want a number in 0..100");
    CHECK(why_not(R"({"service_uptime":-5})") == "service_uptime: got -5, want a number in 0..100");
    CHECK(why_not(R"({"service_uptime":100.0000000000000000001})") ==
          "service_uptime: got 100.0000000000000000001, want a number in 0..100");
}

TEST_CASE("null is present and not a number; later members are not read") {
    CHECK(why_not(R"({"overall_uptime_percentage":null,"service_uptime":99})") ==
          "overall_uptime_percentage: got null, want a number in 0..100");
    CHECK(why_not(R"({"overall_uptime_percentage":"95","service_uptime":99})") ==
          "overall_uptime_percentage: got the string \"95\", want a number in 0..100");
    CHECK(why_not(R"({"uptime_percentage":true})") == "uptime_percentage: got a boolean, want a number in 0..100");
    CHECK(why_not(R"({"services":{"uptime_percentage":[]}})") ==
          "services.uptime_percentage: got an array, want a number in 0..100");
}

TEST_CASE("a response without an uptime, or that is no object, is an error") {
    CHECK(why_not("{}").starts_with("no uptime in the answer: want overall_uptime_percentage, "));
    CHECK(why_not(R"({"services":7})").starts_with("no uptime in the answer"));
    CHECK(why_not("[99]") == "the answer is an array, want an object with an uptime");
    CHECK(why_not("99") == "the answer is a number, want an object with an uptime");
}

TEST_CASE("a response that is not JSON, or has a duplicate key, is an error") {
    CHECK(why_not(R"({"service_uptime":NaN})").starts_with("not JSON at byte 1"));
    CHECK(why_not(R"({"service_uptime":99)").starts_with("not JSON at byte "));
    CHECK(why_not(R"({"service_uptime":99}x)").starts_with("not JSON at byte "));
    CHECK(why_not(R"({"service_uptime":1,"service_uptime":99})").find("duplicate key \"service_uptime\"") !=
          std::string::npos);
    CHECK(why_not("{\"service_uptime\":0." + std::string(500, '1') + "}").find("number too long") != std::string::npos);
    CHECK(why_not(std::string(100, '[')).find("nested deeper than 32") != std::string::npos);
}

TEST_CASE("the window is the worker's value, or unknown if that is missing or invalid") {
    CHECK(livepeer::read_uptime(R"({"service_uptime":1,"window_seconds":90})")->window_s == 90);
    CHECK(livepeer::read_uptime(R"({"service_uptime":1,"window_seconds":9e1})")->window_s == 90);
    CHECK(livepeer::read_uptime(R"({"service_uptime":1})")->window_s == 0);
    CHECK(livepeer::read_uptime(R"({"service_uptime":1,"window_seconds":"90"})")->window_s == 0);
    CHECK(livepeer::read_uptime(R"({"service_uptime":1,"window_seconds":-1})")->window_s == 0);
    CHECK(livepeer::read_uptime(R"({"service_uptime":1,"window_seconds":4294967296})")->window_s == 0);
    CHECK(livepeer::read_uptime(R"({"service_uptime":1,"window_seconds":1e10001})")->window_s == 0);
}

TEST_CASE("a response is valid if it names the orchestrator or one of its confirmed addresses") {
    Network net;
    net.jobs = {answer(R"({"service_uptime":97.25,"window_seconds":61})", orchestrator + "/")};
    const auto result = net.run();
    CHECK(result->outcome == STIPEND_JOB_OK);
    CHECK(result->flags == (STIPEND_RESULT_REPORTED | STIPEND_RESULT_ANSWERED));
    CHECK(result->reported_ppm == 972'500);
    CHECK(result->reported_window_s == 61);
    CHECK(result->http_status == 200);
    CHECK(result->served_by == orchestrator + "/");
    CHECK(result->reason == "");
    CHECK(result->evidence == R"({"service_uptime":97.25,"window_seconds":61})");
    CHECK(result->latency_ns == 1'000'000);
    CHECK(net.sent_sentinels.empty());

    auto job = Network::job();
    job.service_addresses = "https://other:1\nhttps://orch.example:9995/";
    net.jobs = {answer(R"({"service_uptime":97})", "https://orch.example:9995")};
    CHECK(net.run(job)->outcome == STIPEND_JOB_OK);
    net.jobs = {answer(R"({"service_uptime":97})", "HTTPS://Orch.example.:9995/")};
    const auto spelled = net.run(job);
    CHECK(spelled->outcome == STIPEND_JOB_OK);
    CHECK(spelled->served_by == "HTTPS://Orch.example.:9995/");
}

TEST_CASE("a response of another orchestrator is rejected, with the configuration line to add") {
    Network net;
    const auto other = answer(R"({"service_uptime":97})", "https://orch.example:9995/");
    const auto result = net.run(other, other);
    CHECK(result->outcome == STIPEND_JOB_FAILED);
    CHECK(
        result->reason ==
        "answered by https://orch.example:9995, want https://10.0.0.7:9995; if that is its own name, add to its entry: "
        "service_addresses: [\"https://orch.example:9995\"] (twice)");
    CHECK(result->served_by == "https://orch.example:9995/");
}

TEST_CASE("the evidence is the first 64 KiB of the body as received") {
    Network net;
    const std::string long_body = "{\"service_uptime\":1,\"x\":\"" + std::string(100'000, 'y') + "\"}";
    net.jobs = {answer(long_body)};
    const auto result = net.run();
    CHECK(result->outcome == STIPEND_JOB_OK);
    CHECK(result->evidence == long_body.substr(0, 65'536));
}

TEST_CASE("a byte order mark before the JSON is read over, and what is no text is named") {
    CHECK(ppm("\xEF\xBB\xBF{\"service_uptime\":4}") == 40'000);
    CHECK(why_not("\xEF\xBB\xBF\xEF\xBB\xBF{\"service_uptime\":4}") != "accepted");
    CHECK(why_not("\xFE\xFF{}") == "got the byte order mark of UTF-16, want UTF-8");
    CHECK(why_not("\x1F\x8B\x08") == "got gzip without a Content-Encoding, want JSON");
}
