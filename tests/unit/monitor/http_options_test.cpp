// What an HTTP check sends, what it wants of the answer, and how often it looks.
#include <doctest/doctest.h>

#include "monitor.hpp"
#include "stipend/testing/fake_host.hpp"

using namespace stipend::testing;
using stipend::ns_per_s;

namespace {

const std::string service = "https://10.0.0.7/health";
constexpr std::int64_t day_ns = 86'400 * ns_per_s;

struct Checked {
    explicit Checked(const std::string& config = "{}") : plugin(host.create<monitor::Monitor>(config)) {
        REQUIRE(plugin.start().ok());
        host.http().serve([this](const FakeRequest&) {
            auto reply = replies.front();
            if (replies.size() > 1) replies.erase(replies.begin());
            return reply;
        });
    }
    std::string seen(const std::string& attributes = "", const std::string& endpoint = service,
                     std::int64_t within_ns = 60 * ns_per_s) {
        static constexpr std::array<std::string_view, 5> verdicts{"", "up", "down", "degraded", "unknown"};
        auto operation = plugin.probe({.target_id = "t", .endpoint = endpoint, .attributes_json = attributes},
                                      host.monotonic() + within_ns);
        host.settle();
        host.advance(30 * ns_per_s);
        REQUIRE(operation.done());
        if (operation.status() != STIPEND_OK) return operation.error();
        return stipend::cat(verdicts[static_cast<std::size_t>(operation->verdict)], ": ", operation->evidence);
    }
    [[nodiscard]] const FakeRequest& last() { return host.http().requests().back(); }

    FakeHost host;
    std::vector<FakeReply> replies{FakeReply::answer(200, "all is well")};
    FakePlugin plugin;
};

std::string refused(const std::string& config) {
    FakeHost host;
    const auto made = host.try_create<monitor::Monitor>(config);
    REQUIRE(!made.ok());
    return made.error().message;
}

}  // namespace

TEST_CASE("method, headers, body and redirects are those of the configuration or of the target") {
    Checked check(R"({"method":"POST","headers":{"X-One":"1"},"body":"{}","follow_redirects":3})");
    CHECK(check.seen() == "up: status 200 in 1 ms");
    CHECK(check.last().method == "POST");
    CHECK(check.last().headers == "X-One: 1\r\n");
    CHECK(check.last().body == "{}");
    CHECK(check.last().max_redirects == 3);
    check.seen(R"({"method":"HEAD","headers":{},"body":"","follow_redirects":0})");
    CHECK(check.last().method == "HEAD");
    CHECK(check.last().headers.empty());
    CHECK(check.last().max_redirects == 0);
    // TCP sends nothing.
    check.seen("", "tcp://10.0.0.7:80");
    CHECK(check.last().method == "GET");
    CHECK(check.last().headers.empty());
    CHECK(check.last().max_redirects == 0);
}

TEST_CASE("basic authentication and a bearer token are an Authorization header") {
    Checked check(R"({"basic":{"user":"Aladdin","password":"open sesame"}})");
    check.seen();
    CHECK(check.last().headers == "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n");
    check.seen(R"({"bearer":"abc"})");
    CHECK(check.last().headers == "Authorization: Bearer abc\r\n");
    check.seen(R"({"basic":{"user":"","password":""}})");
    CHECK(check.last().headers == "Authorization: Basic Og==\r\n");
}

TEST_CASE("statuses are a list of single ones and ranges") {
    Checked check(R"({"status":"200-299, 301"})");
    for (const auto& [status, verdict] :
         {std::pair{200, "up"}, {299, "up"}, {301, "up"}, {300, "degraded"}, {302, "degraded"}, {199, "degraded"}}) {
        check.replies = {FakeReply::answer(status, "")};
        CHECK(check.seen().starts_with(verdict));
    }
    CHECK(check.seen() == "degraded: status 199 in 1 ms, want 200-299, 301");
    CHECK(check.seen(R"({"status":199})").starts_with("up"));
    CHECK(refused(R"({"status":"200,"})") ==
          "got \"200,\", want a status or a range of them, such as 200-299, or a list of both");
    CHECK(refused(R"({"status":99})") == "got 99, want 100 .. 599");
}

TEST_CASE("values of a JSON body are compared at their pointers") {
    Checked check(R"({"json":{"/status":"ok","/db/0/a~1b":1.0,"/up":true,"/err":null}})");
    const auto answers = [&](const std::string& body) {
        check.replies = {FakeReply::answer(200, body)};
        return check.seen();
    };
    CHECK(answers(R"({"status":"ok","db":[{"a/b":1}],"up":true,"err":null})") == "up: status 200 in 1 ms");
    CHECK(answers(R"({"status":"ill","db":[{"a/b":1}],"up":true,"err":null})") ==
          "degraded: status 200 in 1 ms, but /status is \"ill\", want \"ok\"");
    CHECK(answers(R"({"status":"ok","db":[],"up":true,"err":null})") ==
          "degraded: status 200 in 1 ms, but the body has no /db/0/a~1b");
    CHECK(answers(R"({"status":"ok","db":[{"a/b":"1"}],"up":true,"err":null})").find("want 1.0") != std::string::npos);
    CHECK(answers(R"({"status":"ok","db":[{"a/b":1}],"up":"true","err":null})").find("/up is") != std::string::npos);
    CHECK(answers("<html>").starts_with("degraded: status 200 in 1 ms, but the body is no JSON: "));
}

TEST_CASE("a certificate that expires soon is degraded, then down") {
    Checked check(R"({"expiry_degraded":"14d","expiry_down":"2d"})");
    const auto left = [&](std::int64_t ns) {
        check.replies = {FakeReply::answer(200, "")};
        check.replies[0].tls_not_after = check.host.now() + ns;
        return check.seen();
    };
    CHECK(left(15 * day_ns) == "up: status 200 in 1 ms");
    CHECK(left(13 * day_ns + ns_per_s) == "degraded: its certificate expires in 13 days, want 14d left");
    CHECK(left(day_ns + ns_per_s) == "down: its certificate expires in 1 days, want 2d left");
    CHECK(left(-ns_per_s) == "down: its certificate has expired, want 2d left");
    check.replies = {FakeReply::answer(200, "")};
    CHECK(check.seen("", "http://10.0.0.7/") == "up: status 200 in 1 ms");
    CHECK(refused(R"({"expiry_degraded":"1d","expiry_down":"2d"})") ==
          "got more than expiry_degraded, want less: a certificate is degraded before it is down");
}

TEST_CASE("a failed check is repeated before it counts") {
    Checked check(R"({"retries":2,"retry_after":"3s"})");
    check.replies = {FakeReply::answer(500, ""), FakeReply::answer(500, ""), FakeReply::answer(200, "")};
    CHECK(check.seen() == "up: status 200 in 1 ms, at try 3");
    const auto& requests = check.host.http().requests();
    REQUIRE(requests.size() == 3);
    CHECK(requests[2].sent_at - requests[1].sent_at == 3 * ns_per_s + 1'000'000);
    check.replies = {FakeReply::answer(500, "")};
    CHECK(check.seen() == "degraded: status 500 in 1 ms, want 200-299, at try 3");
    CHECK(check.host.http().requests().size() == 6);
    // Without time for another try, what was seen counts.
    CHECK(check.seen("", service, 2 * ns_per_s) == "degraded: status 500 in 1 ms, want 200-299");
    // Only this machine's failure is not repeated.
    check.replies = {
        FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_CONNECT, "no way").because(STIPEND_HTTP_CAUSE_LOCAL)};
    CHECK(check.seen() == "unknown: not looked at: no way");
}

TEST_CASE("a later try that cannot look leaves what an earlier one saw") {
    Checked check(R"({"retries":1,"retry_after":"1s"})");
    check.replies = {
        FakeReply::answer(500, ""),
        FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_CONNECT, "no way").because(STIPEND_HTTP_CAUSE_LOCAL)};
    CHECK(check.seen() == "degraded: status 500 in 1 ms, want 200-299");
}

TEST_CASE("a check that is cancelled between two tries ends at once") {
    Checked check(R"({"retries":1,"retry_after":"10s"})");
    check.replies = {FakeReply::answer(500, "")};
    auto operation = check.plugin.probe({.target_id = "t", .endpoint = service}, 0);
    check.host.advance(ns_per_s);
    CHECK(!operation.done());
    check.plugin.cancel_probe(operation.op());
    check.host.run();
    REQUIRE(operation.done());
    CHECK(operation.status() == STIPEND_E_CANCELLED);
    check.host.advance(20 * ns_per_s);
    CHECK(check.host.http().requests().size() == 1);
}

TEST_CASE("a scheme may be written in capitals") {
    Checked check;
    CHECK(check.seen("", "HTTPS://10.0.0.7/Path") == "up: status 200 in 1 ms");
    CHECK(check.last().url == "https://10.0.0.7/Path");
    CHECK(check.seen("", "TCP://10.0.0.7:5").starts_with("up: connected"));
}

TEST_CASE("a failure to connect over TCP does not speak of a request") {
    Checked check;
    check.host.http().refuse(STIPEND_E_LIMIT);
    CHECK(check.seen("", "tcp://10.0.0.7:5") == "unknown: not looked at: the host refused to connect: status -10");
}

TEST_CASE("an endpoint that can never be looked at is refused, also without an instance") {
    const auto refusal = [](const std::string& endpoint, const std::string& attributes = "") {
        auto target = stipend::make_record<stipend_target>();
        target.endpoint = stipend::to_abi(endpoint);
        target.attributes_json = stipend::to_abi(attributes);
        const auto done = monitor::Monitor::check_target({}, target);
        return done ? std::string() : done.error().path + "|" + done.error().message;
    };
    CHECK(refusal("10.0.0.7:80") == "|bad endpoint: \"10.0.0.7:80\": want http://, https:// or tcp://host:port");
    CHECK(refusal("ftp://a") == "|bad endpoint: \"ftp://a\": want http://, https:// or tcp://host:port");
    CHECK(refusal("tcp://a") == "|bad endpoint: \"tcp://a\": want tcp://host:port and nothing more");
    for (const auto* bad :
         {"http://a:0", "http://a:65536", "http://a:x", "http://a:", "tcp://a:99999", "tcp://[::1]:0"})
        CHECK(refusal(bad).ends_with("want a port from 1 to 65535"));
    CHECK(refusal("http://me:pw@a/").ends_with("want the option basic"));
    CHECK(refusal("http://a:65535/", R"({"statsu":1})") == "/statsu|no such attribute: statsu");
    CHECK(refusal("http://[::1]:8080/x?y") == "");
    CHECK(refusal("tcp://[::1]:1") == "");
}

TEST_CASE("options that contradict each other are refused") {
    CHECK(refused(R"({"method":"HEAD","body":"x"})") == "got a body, want none with HEAD");
    CHECK(refused(R"({"method":"HEAD","contains":"x"})").starts_with("got HEAD, want another method"));
    CHECK(refused(R"({"headers":{"Content-Length":"1"}})").find("is the client's own") != std::string::npos);
    CHECK(refused(R"({"headers":{"X":"a\r\nY: b"}})") == "got a control character, want a header's value");
    CHECK(refused(R"({"headers":{"a b":"c"}})").starts_with("got the name \"a b\""));
    CHECK(refused(R"({"basic":{"user":"a","password":"b"},"bearer":"c"})") == "got basic and bearer, want one of them");
    CHECK(refused(R"({"json":{"status":1}})") == "got \"status\", want a JSON pointer such as /status");
    CHECK(refused(R"({"method":"A B"})").starts_with("got \"A B\", want a method"));
}
