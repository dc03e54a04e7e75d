#include "monitor.hpp"

#include <doctest/doctest.h>

#include "stipend/testing/fake_host.hpp"

using namespace stipend::testing;
using stipend::ns_per_s;

namespace {

// A monitor, and what its targets answer.
struct Watch {
    explicit Watch(const std::string& config = "{}") : plugin(host.create<monitor::Monitor>(config)) {
        REQUIRE(plugin.start().ok());
        host.http().serve([this](const FakeRequest&) { return reply; });
    }
    Operation<Observation> look(const std::string& endpoint, const std::string& attributes = "",
                                std::int64_t within_ns = 60 * ns_per_s) {
        auto operation = plugin.probe({.target_id = "t", .endpoint = endpoint, .attributes_json = attributes},
                                      host.monotonic() + within_ns);
        host.settle();
        REQUIRE(operation.done());
        return operation;
    }
    std::string seen(const std::string& endpoint, const std::string& attributes = "",
                     std::int64_t within_ns = 60 * ns_per_s) {
        static constexpr std::array<std::string_view, 5> verdicts{"", "up", "down", "degraded", "unknown"};
        const auto operation = look(endpoint, attributes, within_ns);
        REQUIRE_MESSAGE(operation.status() == STIPEND_OK, operation.error());
        return stipend::cat(verdicts[static_cast<std::size_t>(operation->verdict)], ": ", operation->evidence);
    }

    FakeHost host;
    FakeReply reply = FakeReply::answer(200, "all is well");
    FakePlugin plugin;
};

const std::string service = "http://10.0.0.7:8080/health";

}  // namespace

TEST_CASE("a service that responds as required is up") {
    Watch watch;
    const auto seen = watch.look(service);
    CHECK(seen->verdict == STIPEND_UP);
    CHECK(seen->target_id == "t");
    CHECK(seen->evidence == "status 200 in 1 ms");
    CHECK(seen->ended_at - seen->started_at == 1'000'000);
    const auto& sent = watch.host.http().requests()[0];
    CHECK(sent.method == "GET");
    CHECK(sent.url == service);
    CHECK(sent.timeout_ms == 5000);
    CHECK(sent.flags == 0);
}

TEST_CASE("a status outside the range is degraded, and the range is the target's own") {
    Watch watch;
    watch.reply = FakeReply::answer(503, "");
    CHECK(watch.seen(service) == "degraded: status 503 in 1 ms, want 200-299");
    CHECK(watch.seen(service, R"({"status":"503"})") == "up: status 503 in 1 ms");
    CHECK(watch.seen(service, R"({"status":"400-502"})") == "degraded: status 503 in 1 ms, want 400-502");
}

TEST_CASE("a body that lacks the text is degraded") {
    Watch watch;
    CHECK(watch.seen(service, R"({"contains":"is well"})") == "up: status 200 in 1 ms");
    CHECK(watch.seen(service, R"({"contains":"healthy"})") ==
          "degraded: status 200 in 1 ms, but the body lacks \"healthy\"");
}

TEST_CASE("a long body is read up to the search limit without an error") {
    Watch watch;
    watch.reply = FakeReply::answer(200, std::string(2 << 20, 'x') + "end");
    CHECK(watch.seen(service).starts_with("up: "));
    CHECK(watch.seen(service, R"({"contains":"xx"})").starts_with("up: "));
    CHECK(watch.seen(service, R"({"contains":"end"})").starts_with("degraded: "));
}

TEST_CASE("a response slower than slow_after is degraded") {
    Watch watch(R"({"slow_after":"500ms"})");
    watch.reply = FakeReply::answer(200, "").after(501'000'000);
    CHECK(watch.seen(service) == "degraded: status 200 in 501 ms, want 500ms");
    CHECK(watch.seen(service, R"({"slow_after":"600ms"})") == "up: status 200 in 501 ms");
}

TEST_CASE("a service that does not respond is down, for every kind of failure") {
    Watch watch;
    for (const auto& [reply, why] :
         {std::pair{FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_CONNECT, "refused"), "down: refused"},
          std::pair{FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_RESOLVE, "no such host"),
                    "down: no such host"},
          std::pair{FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_TLS, "certificate expired"),
                    "down: certificate expired"},
          std::pair{FakeReply::failed(STIPEND_E_INVALID, STIPEND_HTTP_CONNECT, "it leads to a loopback address"),
                    "down: it leads to a loopback address"},
          std::pair{FakeReply::failed(STIPEND_E_LIMIT, STIPEND_HTTP_SENT, "head too large"), "down: head too large"},
          std::pair{FakeReply::hang(), "down: no end within 5000 ms"}}) {
        watch.reply = reply;
        CHECK(watch.seen(service) == why);
    }
    watch.reply = FakeReply::failed(STIPEND_E_TIMEOUT, STIPEND_HTTP_RESOLVE, "slow lookup");
    CHECK(watch.seen("http://name.example/") == "down: slow lookup");
    watch.reply = FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_HEAD, "broke off");
    watch.reply.http_status = 200;
    CHECK(watch.seen(service) == "degraded: broke off");
}

TEST_CASE("only a failure of the host itself is unknown") {
    Watch watch;
    watch.reply = FakeReply::failed(STIPEND_E_CANCELLED, STIPEND_HTTP_SENT, "the client stops");
    CHECK(watch.seen(service) == "unknown: not looked at: the client stops");
    watch.reply = FakeReply::failed(STIPEND_E_TIMEOUT, STIPEND_HTTP_RESOLVE, "no connection was free");
    CHECK(watch.seen(service) == "unknown: not looked at: no connection was free");
    watch.reply = FakeReply::hang();
    CHECK(watch.seen(service, "", 4 * ns_per_s) == "unknown: too little time to look: no end within 4000 ms");
    CHECK(watch.seen(service, "", 0) == "unknown: not looked at: its deadline has passed");
    watch.host.http().refuse(STIPEND_E_LIMIT);
    CHECK(watch.seen(service).starts_with("unknown: not looked at: HTTP request refused"));
}

TEST_CASE("a check that fails before anything leaves this machine is unknown, over HTTP, HTTPS and TCP") {
    Watch watch;
    for (const auto* target : {"http://name.example/", "https://10.0.0.7/", "tcp://10.0.0.7:6379"}) {
        for (const auto phase : {STIPEND_HTTP_RESOLVE, STIPEND_HTTP_CONNECT, STIPEND_HTTP_TLS}) {
            watch.reply =
                FakeReply::failed(STIPEND_E_UNAVAILABLE, phase, "no way out").because(STIPEND_HTTP_CAUSE_LOCAL);
            CHECK(watch.seen(target) == "unknown: not looked at: no way out");
        }
    }
    watch.reply = FakeReply::failed(STIPEND_E_TIMEOUT, STIPEND_HTTP_RESOLVE, "slow").because(STIPEND_HTTP_CAUSE_LOCAL);
    CHECK(watch.seen("http://name.example/") == "unknown: not looked at: slow");
    watch.reply =
        FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_RESOLVE, "none").because(STIPEND_HTTP_CAUSE_RESOLVE);
    CHECK(watch.seen("http://name.example/") == "down: none");
    watch.reply = FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_HEAD, "cut").because(STIPEND_HTTP_CAUSE_LOCAL);
    watch.reply.http_status = 200;
    CHECK(watch.seen(service) == "degraded: cut");
}

TEST_CASE("a refused connection is down also with a shorter deadline") {
    Watch watch;
    watch.reply = FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_CONNECT, "refused");
    CHECK(watch.seen(service, "", ns_per_s) == "down: refused");
}

TEST_CASE("tcp only connects") {
    Watch watch;
    CHECK(watch.seen("tcp://10.0.0.7:6379") == "up: connected in 1 ms");
    const auto& sent = watch.host.http().requests()[0];
    CHECK(sent.url == "http://10.0.0.7:6379/");
    CHECK(sent.flags == STIPEND_HTTP_CONNECT_ONLY);
    CHECK(watch.seen("tcp://[fd00::7]:6379", R"({"status":"500"})") == "up: connected in 1 ms");
}

TEST_CASE("TLS is verified unless configured otherwise, and untrusted targets are marked") {
    Watch watch;
    const std::string pin(64, 'a');
    watch.seen("https://10.0.0.7/");
    watch.seen("https://10.0.0.7/", R"({"tls":"none"})");
    watch.seen("https://10.0.0.7/", R"({"stranger":true,"pin_sha256":")" + pin + "\"}");
    const auto& sent = watch.host.http().requests();
    CHECK(sent[0].tls_mode == STIPEND_TLS_VERIFY);
    CHECK(sent[1].tls_mode == STIPEND_TLS_NONE);
    CHECK(sent[2].tls_mode == STIPEND_TLS_PINNED);
    CHECK(sent[2].pin_sha256 == pin);
    CHECK(sent[2].flags == STIPEND_HTTP_UNTRUSTED_TARGET);
}

TEST_CASE("an invalid target is rejected with the reason") {
    Watch watch;
    const auto refusal = [&](const std::string& endpoint, const std::string& attributes = "") {
        const auto operation = watch.look(endpoint, attributes);
        CHECK(operation.status() != STIPEND_OK);
        return operation.error();
    };
    CHECK(refusal("docker://redis") == "bad endpoint: \"docker://redis\": want http://, https:// or tcp://host:port");
    CHECK(refusal("tcp://10.0.0.7") == "bad endpoint: \"tcp://10.0.0.7\": want tcp://host:port and nothing more");
    CHECK(refusal("tcp://10.0.0.7:80/x") ==
          "bad endpoint: \"tcp://10.0.0.7:80/x\": want tcp://host:port and nothing more");
    CHECK(refusal("http://") == "bad endpoint: \"http://\": no host in it");
    CHECK(refusal("http://a\r\nb") == "bad endpoint: \"http://a\r\nb\": it holds a blank or a control character");
    CHECK(refusal(service, "[]") == "attributes: got an array, want an object");
    CHECK(refusal(service, R"({"statuss":"200"})") == "no such attribute: statuss");
    CHECK(refusal(service, R"({"status":"299-200"})") ==
          "got \"299-200\", want a status or a range of them, such as 200-299, or a list of both");
    CHECK(refusal(service, R"({"timeout":"0s"})") == "got 0s, want 1ms .. 10m");
    CHECK(refusal(service, R"({"pin_sha256":"ab"})") == "got 2 hex digits, want the 64 of a SHA-256");
}

TEST_CASE("a cancelled check ends at once") {
    Watch watch;
    watch.reply = FakeReply::hang();
    auto operation = watch.plugin.probe({.target_id = "t", .endpoint = service}, 0);
    watch.plugin.cancel_probe(operation.op());
    watch.host.run();
    REQUIRE(operation.done());
    CHECK(operation.status() == STIPEND_E_CANCELLED);
    watch.host.settle();
    watch.plugin.cancel_probe(operation.op());
    watch.host.settle();
}
