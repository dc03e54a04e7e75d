#include "webhook.hpp"

#include <doctest/doctest.h>

#include "stipend/testing/fake_host.hpp"

using namespace stipend::testing;
using alert::Webhook;
using stipend::ns_per_s;

namespace {

constexpr const char* url = "https://chat.example/hooks/s3cret";
constexpr const char* config = R"({"url":"https://chat.example/hooks/s3cret"})";
const std::vector<FakeAlert> one{{.delivery_id = "d1", .alert_id = "gateway", .title = "gateway", .body = "down"}};

struct Outcome {
    stipend_status status;
    std::string error;
};

Outcome outcome_of(const FakeReply& reply) {
    FakeHost host;
    auto plugin = host.create<Webhook>(config);
    REQUIRE(plugin.start().ok());
    host.http().expect("POST", url, reply);
    const auto delivery = plugin.deliver(one);
    host.settle();
    REQUIRE(delivery.done());
    CHECK(delivery.error().find("s3cret") == std::string::npos);
    CHECK(plugin.health().ok() == (delivery.status() == STIPEND_OK));
    return {delivery.status(), delivery.error()};
}

std::string complaint(const std::string& json) {
    FakeHost host;
    const auto plugin = host.try_create<Webhook>(json);
    return plugin ? "accepted" : plugin.error().path + ": " + plugin.error().message;
}

}  // namespace

TEST_CASE("a message is one POST of JSON, with the configured headers, that follows no redirect") {
    FakeHost host;
    auto plugin = host.create<Webhook>(
        R"({"url":"https://chat.example/hooks/s3cret","headers":{"X-Team":"ops"},"bearer":"t0ken","timeout":"3s"})");
    REQUIRE(plugin.start().ok());
    host.http().expect("POST", url, FakeReply::answer(204, ""));
    const auto delivery = plugin.deliver(one);
    host.settle();
    REQUIRE(delivery.done());
    CHECK(delivery.status() == STIPEND_OK);
    REQUIRE(host.http().requests().size() == 1);
    const auto& request = host.http().requests()[0];
    CHECK(request.header("content-type") == "application/json");
    CHECK(request.header("x-team") == "ops");
    CHECK(request.header("authorization") == "Bearer t0ken");
    CHECK(request.timeout_ms == 3000);
    CHECK(request.max_redirects == 0);
    CHECK(request.body.find(R"("delivery_id":"d1")") != std::string::npos);
}

TEST_CASE("an outcome is good, final, or worth another try") {
    CHECK(outcome_of(FakeReply::answer(200, "ok")).status == STIPEND_OK);
    CHECK(outcome_of(FakeReply::answer(500, "oops")).status == STIPEND_E_UNAVAILABLE);
    CHECK(outcome_of(FakeReply::answer(408, "")).status == STIPEND_E_UNAVAILABLE);
    CHECK(outcome_of(FakeReply::answer(404, "no such hook")).status == STIPEND_E_INVALID);
    CHECK(outcome_of(FakeReply::answer(404, "no such hook")).error ==
          "POST https://chat.example: status 404: no such hook");
    CHECK(outcome_of(FakeReply::answer(302, "", "location: https://elsewhere.example/\r\n")).status ==
          STIPEND_E_INVALID);
    CHECK(outcome_of(FakeReply::answer(400, "bad https://chat.example/hooks/s3cret")).status == STIPEND_E_INVALID);
    CHECK(outcome_of(FakeReply::hang()).status == STIPEND_E_TIMEOUT);
    CHECK(outcome_of(FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_CONNECT,
                                       "https://chat.example/hooks/s3cret: refused"))
              .error == "POST https://chat.example: https://chat.example: refused");
    CHECK(outcome_of(FakeReply::answer(200, std::string(100'000, 'x'))).status == STIPEND_OK);
}

TEST_CASE("which errors are final") {
    const auto judged = [](int status, const std::string& headers = "") {
        auto response = stipend::make_record<stipend_http_response>();
        response.http_status = status;
        response.headers = stipend::to_abi(headers);
        return alert::judge({.url = url, .shown_url = "https://chat.example"}, {STIPEND_OK, &response, ""});
    };
    for (const int status : {301, 302, 307, 400, 401, 403, 404, 410, 413, 422}) CHECK(judged(status).permanent);
    for (const int status : {408, 429, 500, 502, 503, 504}) CHECK_FALSE(judged(status).permanent);
    CHECK(judged(429, "retry-after: 30\r\n").wait_ns == 30 * ns_per_s);
    CHECK(judged(429, "retry-after: 0.25\r\n").wait_ns == ns_per_s / 4);
    CHECK(judged(429, "retry-after: 1.2345678\r\n").wait_ns == 1'234'000'000);
    CHECK(judged(429, "retry-after: Wed, 21 Oct 2026 07:28:00 GMT\r\n").wait_ns == 60 * ns_per_s);
    CHECK(judged(429).wait_ns == 60 * ns_per_s);
    CHECK(judged(429, "retry-after: 99999999\r\n").wait_ns == 86'400 * ns_per_s);
    CHECK(judged(503, "retry-after: 5\r\n").wait_ns == 5 * ns_per_s);
    CHECK(judged(500).wait_ns == 0);
}

TEST_CASE("a channel that asks to wait gets nothing until that time is over") {
    FakeHost host;
    auto plugin = host.create<Webhook>(config);
    REQUIRE(plugin.start().ok());
    host.http().expect("POST", url, FakeReply::answer(429, R"({"ok":false,"parameters":{"retry_after":40}})"));
    const auto first = plugin.deliver(one);
    host.run();
    host.advance(ns_per_s);
    REQUIRE(first.done());
    CHECK(first.status() == STIPEND_E_BUSY);
    host.advance(30 * ns_per_s);
    CHECK(plugin.deliver(one).status() == STIPEND_E_BUSY);
    CHECK(host.http().requests().size() == 1);
    host.advance(10 * ns_per_s);
    host.http().expect("POST", url, FakeReply::answer(200, ""));
    const auto last = plugin.deliver(one);
    host.settle();
    REQUIRE(last.done());
    CHECK(last.status() == STIPEND_OK);
}

TEST_CASE("a cancelled message ends at once") {
    FakeHost host;
    auto plugin = host.create<Webhook>(config);
    REQUIRE(plugin.start().ok());
    host.http().expect("POST", url, FakeReply::hang());
    const auto delivery = plugin.deliver(one);
    plugin.cancel_delivery(delivery.op());
    host.run();
    REQUIRE(delivery.done());
    CHECK(delivery.status() == STIPEND_E_CANCELLED);
    host.settle();
}

TEST_CASE("a request that the host refuses is an error without the URL") {
    FakeHost host;
    auto plugin = host.create<Webhook>(config);
    REQUIRE(plugin.start().ok());
    host.http().refuse(STIPEND_E_LIMIT);
    const auto delivery = plugin.deliver(one);
    CHECK(delivery.status() == STIPEND_E_LIMIT);
    CHECK(delivery.error().find("s3cret") == std::string::npos);
}

TEST_CASE("what is wrong with a configuration is named, and no secret is shown") {
    CHECK(complaint(config) == "accepted");
    CHECK(complaint("{}") == "/url: missing, want a string");
    for (const auto* bad :
         {"ftp://x/s3cret", "https:///s3cret", "s3cret", "https://u:p@x/s3cret", "https://x/ s3cret"}) {
        CHECK(complaint(std::string(R"({"url":")") + bad + "\"}") ==
              "/url: got another text, want a URL: https://host/path, without a user name");
    }
    CHECK(complaint(R"({"url":"https://x.example/","format":"telegram"})") ==
          "/chat_id: missing, want the chat that telegram sends to");
    CHECK(complaint(R"({"url":"https://x.example/","format":"telegram","chat_id":-100123})") == "accepted");
    CHECK(complaint(R"({"url":"https://x.example/","chat_id":"1"})") ==
          "/chat_id: got a chat, which only the format telegram has");
    CHECK(complaint(R"({"url":"https://x.example/","format":"irc"})") ==
          "/format: got \"irc\", want json, discord, slack, telegram or email");
    CHECK(complaint(R"({"url":"https://x.example/","headers":{"Content-Type":"x"}})") ==
          "/headers/Content-Type: the header Content-Type is the plugin's own: leave it out");
    CHECK(complaint(R"({"url":"https://x.example/","headers":{"X":"a\r\nY: b"}})") ==
          "/headers/X: got a control character, want a header's value");
    CHECK(complaint(R"({"url":"https://x.example/","headers":{"authorization":"x"},"bearer":"y"})") ==
          "/bearer: got a token beside the header authorization, want one of them");
    CHECK(complaint(R"({"url":"https://x.example/","timeout":"5m"})") == "/timeout: got 300s, want 1s .. 60s");
}
