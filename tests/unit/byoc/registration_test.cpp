// How the capability is registered, looked after, and taken back.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "neighbourhood.hpp"

using namespace byoc_worker_test;

namespace {

std::string state_of(FakePlugin& plugin) {
    const auto report = stipend::parse_json(*plugin.report());
    return text_of(*report->find("registration"), "state");
}

}  // namespace

TEST_CASE("the capability is registered at start, with the raw secret") {
    Neighbourhood near;
    auto plugin = near.start(
        R"(,"token":"wtok","capacity":4,"capacity_announced":500,"price_per_unit":7,"url":"http://w:9876/")");
    REQUIRE(near.registered.size() == 1);
    const auto& sent = near.registered[0];
    CHECK(sent.method == "POST");
    CHECK(sent.header("Authorization") == "s3cret");
    CHECK(sent.header("Content-Type") == "application/json");
    CHECK(
        sent.body ==
        R"({"name":"agent-net","description":"Watches services and reports their uptime","url":"http://w:9876","capacity":500,"price_per_unit":7,"price_scaling":1,"currency":"wei","token":"wtok"})");
    CHECK(sent.tls_mode == STIPEND_TLS_VERIFY);
    CHECK(near.host.logged(STIPEND_LOG_INFO,
                           "registered agent-net with https://127.0.0.1:9995: http://w:9876, capacity 500"));
    CHECK(near.host.metric("registrations_total") == 1);
    CHECK(plugin.health().ok());
    CHECK(state_of(plugin) == "registered");
}

TEST_CASE("until the first response the worker reports that it registers") {
    Neighbourhood near;
    auto plugin = near.make();
    REQUIRE(plugin.start().ok());
    CHECK(state_of(plugin) == "registering");
    near.host.advance(ns_per_s / 10);
    CHECK(state_of(plugin) == "registered");
}

TEST_CASE("the rule for the certificate is handed to the client, and a secret for any server is warned of") {
    Neighbourhood near;
    near.at = "https://10.0.0.7:9995";
    auto pinned = near.start(cat(R"(,"pin_sha256":")", std::string(64, 'a'), "\""));
    CHECK(near.registered[0].tls_mode == STIPEND_TLS_PINNED);
    CHECK(near.registered[0].pin_sha256 == std::string(64, 'a'));
    near.host.advance(10 * ns_per_s);
    auto ca = near.start(R"(,"orchestrator_ca":"/etc/ca.pem")");
    REQUIRE(near.registered.size() == 2);
    CHECK(near.registered[1].tls_mode == STIPEND_TLS_VERIFY);
    CHECK(near.registered[1].ca_file == "/etc/ca.pem");
    CHECK_FALSE(near.host.logged(STIPEND_LOG_WARN, "the secret is sent"));
    near.host.advance(10 * ns_per_s);
    auto blind = near.start(R"(,"tls":"none")");
    REQUIRE(near.registered.size() == 3);
    CHECK(near.registered[2].tls_mode == STIPEND_TLS_NONE);
    CHECK(near.host.logged(STIPEND_LOG_WARN, "the secret is sent to any server at https://10.0.0.7:9995 (tls: none)"));
    Neighbourhood plain;
    plain.at = "http://10.0.0.7:9995";
    auto open = plain.start();
    CHECK(plain.host.logged(STIPEND_LOG_WARN, "the secret is sent in the clear to http://10.0.0.7:9995 (http)"));
}

TEST_CASE("on loopback neither a certificate nor TLS is wanted, and nothing is warned of") {
    for (const std::string at : {"https://127.0.0.1:9995", "https://localhost:9995", "http://[::1]:9995"}) {
        Neighbourhood near;
        near.at = at;
        auto plugin = near.start(at.starts_with("https") ? R"(,"tls":"none")" : "");
        CHECK(near.registered.size() == 1);
        CHECK_FALSE(near.host.logged(STIPEND_LOG_WARN, ""));
    }
}

TEST_CASE("an orchestrator that is down is retried with growing delays up to 30 s and logged once") {
    Neighbourhood near;
    near.register_answer = refused();
    auto plugin = near.start();
    CHECK(near.registered.size() == 1);
    CHECK(plugin.health().error().message == "agent-net and https://127.0.0.1:9995: no answer: connection refused");
    near.host.advance(300 * ns_per_s);
    const auto& tries = near.registered;
    REQUIRE(tries.size() >= 12);
    CHECK(tries.size() <= 20);
    for (std::size_t i = 1; i < tries.size(); ++i) {
        const auto pause = tries[i].sent_at - tries[i - 1].sent_at;
        CHECK(pause >= ns_per_s);
        CHECK(pause <= 30 * ns_per_s + ns_per_s / 10);
    }
    CHECK(tries[1].sent_at - tries[0].sent_at <= 2 * ns_per_s);
    CHECK(near.count_logged("no answer: connection refused; the worker goes on serving") == 1);
    CHECK(near.job("{}").status() == 200);  // meanwhile it goes on serving
    near.register_answer = ok();
    near.host.advance(31 * ns_per_s);
    CHECK(plugin.health().ok());
    CHECK(near.count_logged("all is well again") == 1);
}

TEST_CASE("pauses differ from worker to worker") {
    const auto third_try = [] {
        Neighbourhood near;
        near.register_answer = refused();
        auto plugin = near.start();
        near.host.advance(60 * ns_per_s);
        return near.registered[5].sent_at - near.registered[0].sent_at;
    };
    const auto first = third_try();
    CHECK((third_try() != first || third_try() != first));
}

TEST_CASE("a wrong secret, a rejected certificate and other errors are logged as such, once for each change") {
    Neighbourhood near;
    const auto wrong_secret = FakeReply::answer(400, "invalid authorization\n");
    near.register_answers = {wrong_secret, wrong_secret,
                             FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_TLS, "self-signed certificate"),
                             FakeReply::answer(400, "Error registering capability: unexpected end of JSON input")};
    near.register_answer = wrong_secret;
    auto plugin = near.start();
    near.host.advance(100 * ns_per_s);
    CHECK(near.count_logged("wrong secret: it is to be the orchestrator's -orchSecret") == 2);
    CHECK(near.count_logged("TLS fails: self-signed certificate; if the certificate is its own, orchestrator_cert is "
                            "to be its dataDir/cert.pem, or pin_sha256 what `stipend byoc pin https://127.0.0.1:9995` "
                            "shows") == 1);
    CHECK(near.count_logged("refused with status 400: \"Error registering capability") == 1);
    CHECK(near.count_logged("s3cret") == 0);
}

TEST_CASE("while all is well the orchestrator is only asked, every probe_every, and never registered with again") {
    Neighbourhood near;
    auto plugin = near.start();
    near.host.advance(595 * ns_per_s);
    CHECK(near.registered.size() == 1);
    CHECK(near.probes.size() == 59);
    CHECK(near.probes[0].header("Livepeer-Capability") == "agent-net");
    CHECK_FALSE(near.probes[0].header("Livepeer-Eth-Address").empty());
    CHECK(near.probes[0].header("Authorization").empty());
    CHECK(near.probes[1].sent_at - near.probes[0].sent_at == 10 * ns_per_s + ns_per_s / 1000);
}

TEST_CASE("an orchestrator that forgot the capability is registered with again, soon after the probe") {
    Neighbourhood near;
    auto plugin = near.start();
    near.host.advance(60 * ns_per_s);
    near.token = offers(0);
    near.host.advance(10 * ns_per_s);
    near.token = offers(16);
    near.host.advance(5 * ns_per_s);
    REQUIRE(near.registered.size() == 2);
    CHECK(near.registered[1].sent_at - near.probes[6].sent_at <= 2 * ns_per_s);
    CHECK(near.count_logged("it offers no slot for the capability while no job is in hand") == 1);
    CHECK(state_of(plugin) == "registered");
}

TEST_CASE("registrations that follow a loss are at least 30 s apart, each on fresh evidence") {
    Neighbourhood near;
    near.token = offers(0);  // for ever: whatever is registered is lost
    auto plugin = near.start();
    near.host.advance(300 * ns_per_s);
    REQUIRE(near.registered.size() >= 8);
    for (std::size_t i = 1; i < near.registered.size(); ++i) {
        CHECK(near.registered[i].sent_at - near.registered[i - 1].sent_at >= 30 * ns_per_s);
        CHECK(near.registered[i].sent_at - near.registered[i - 1].sent_at <= 33 * ns_per_s);
    }
}

TEST_CASE("a loss that mended itself before 30 s were over leads to nothing") {
    Neighbourhood near;
    near.tokens = {offers(0)};
    auto plugin = near.start();
    near.host.advance(120 * ns_per_s);
    CHECK(near.registered.size() == 1);
    CHECK(plugin.health().ok());
}

TEST_CASE("no free slot while a job is in hand proves nothing") {
    Neighbourhood near;
    std::unique_ptr<stipend::Timer> timer;
    FakeRouteAnswer job;
    auto plugin = near.start();
    near.host.advance(60 * ns_per_s);
    // The job comes in the moment of the probe's answer, just before it; its turn is just after.
    near.host.http().serve([&](const FakeRequest& request) {
        near.probes.push_back(request);
        timer = std::make_unique<stipend::Timer>(stipend::Host(near.host.raw()), ns_per_s / 1000, [&] {
            job = near.host.routes().call({.method = "POST", .path = "/agent-net", .body = "{}"});
        });
        return offers(0);
    });
    near.host.advance(10 * ns_per_s);
    REQUIRE(timer != nullptr);
    CHECK(job.status() == 200);
    CHECK(near.count_logged("it offers no slot") == 0);
    CHECK(near.registered.size() == 1);
}

TEST_CASE("an orchestrator that does not answer the probe is not registered with, and counted") {
    Neighbourhood near;
    auto plugin = near.start();
    near.token = refused();
    near.host.advance(115 * ns_per_s);
    CHECK(near.registered.size() == 1);
    CHECK(near.host.metric("probes_failed_total") == 105);  // each second from the first one on
    CHECK(near.count_logged("no answer: connection refused") == 1);
    CHECK_FALSE(plugin.health().ok());
    CHECK(state_of(plugin) == "unconfirmed");
    near.host.advance(300 * ns_per_s);
    CHECK(near.host.metric("probes_failed_total") <= 330);  // for five minutes
    near.token = offers(0);                                 // it is back, and remembers nothing
    near.host.advance(12 * ns_per_s);
    CHECK(near.registered.size() == 2);
    CHECK(near.count_logged("it offers no slot") == 1);
}

TEST_CASE("a token without content is counted and logged, and is no evidence of loss") {
    Neighbourhood near;
    near.token = FakeReply::answer(500, "boom");
    auto plugin = near.start();
    near.host.advance(55 * ns_per_s);
    CHECK(near.registered.size() == 1);
    CHECK(near.host.metric("probes_failed_total") == 5);
    CHECK(near.count_logged("its token says nothing of the capability: status 500") == 1);
}

TEST_CASE("the 503 of an old orchestrator, which reports no capacity, is evidence of loss") {
    Neighbourhood near;
    near.token = FakeReply::answer(200, R"({"price":{"pixelsPerUnit":1},"service_addr":"https://127.0.0.1:9995"})");
    auto plugin = near.start();
    near.host.advance(120 * ns_per_s);
    CHECK(near.registered.size() == 1);
    near.token = FakeReply::answer(503, R"({"price":{"pixelsPerUnit":1},"service_addr":"https://127.0.0.1:9995"})");
    near.host.advance(12 * ns_per_s);
    CHECK(near.registered.size() == 2);
}

TEST_CASE("the capability is taken back at the end") {
    Neighbourhood near;
    auto plugin = near.start();
    plugin.quiesce();
    near.host.settle();
    REQUIRE(near.unregistered.size() == 1);
    CHECK(near.unregistered[0].body == "agent-net");
    CHECK(near.unregistered[0].header("Authorization") == "s3cret");
    CHECK(near.host.logged(STIPEND_LOG_INFO, "unregistered agent-net"));
    plugin.destroy();
}

TEST_CASE("the end is not held up by an orchestrator that does not answer") {
    Neighbourhood near;
    auto plugin = near.start();
    near.token = FakeReply::hang();
    near.unregister_answer = FakeReply::hang();
    const auto before = near.host.monotonic();
    plugin.quiesce();
    near.host.settle();
    CHECK(near.host.monotonic() - before <= 3 * ns_per_s);
    CHECK(near.unregistered.empty());
    near.host.advance(10 * ns_per_s);
    near.token = offers(16);
    auto second = near.start();
    const auto later = near.host.monotonic();
    second.quiesce();
    near.host.settle();
    CHECK(near.host.monotonic() - later <= 3 * ns_per_s);
    CHECK(near.unregistered.size() == 1);
}

TEST_CASE("a probe that is under way at the end is cancelled") {
    Neighbourhood near;
    auto plugin = near.start();
    near.token = FakeReply::hang();
    near.host.advance(10 * ns_per_s);
    REQUIRE(near.probes.size() == 1);
    REQUIRE(near.host.http().under_way() == 1);
    plugin.quiesce();
    near.host.run();
    CHECK(near.host.http().under_way() == 1);  // only the farewell's own question
    near.host.settle();
    CHECK(near.probes.size() == 2);
}

TEST_CASE("an instance that was followed by another of its name leaves the capability to it") {
    Neighbourhood near;
    auto old = near.start();
    near.host.advance(4 * ns_per_s);
    auto fresh = near.start();
    CHECK(near.registered.size() == 1);
    near.host.advance(6 * ns_per_s);
    REQUIRE(near.registered.size() == 2);
    CHECK(near.registered[1].sent_at - near.registered[0].sent_at >= 10 * ns_per_s);
    old.quiesce();
    near.host.advance(ns_per_s);
    CHECK(near.unregistered.empty());
    CHECK(near.host.logged(STIPEND_LOG_INFO, "agent-net stays registered: another instance has taken over"));
    fresh.quiesce();
    near.host.advance(5 * ns_per_s);
    CHECK(near.unregistered.size() == 1);
}

TEST_CASE("what was never registered is not taken back, and what may have been is") {
    Neighbourhood near;
    near.register_answer = refused();
    auto never = near.start();
    never.quiesce();
    near.host.settle();
    CHECK(near.probes.empty());
    near.register_answer = FakeReply::hang();
    auto maybe = near.start();
    maybe.quiesce();
    near.host.settle();
    CHECK(near.unregistered.size() == 1);
}

TEST_CASE("a worker that shall not register sends nothing at all") {
    Neighbourhood near;
    auto plugin = near.start(R"(,"register":false)");
    near.host.advance(60 * ns_per_s);
    plugin.quiesce();
    near.host.settle();
    CHECK(near.host.http().requests().empty());
    CHECK(plugin.health().ok());
}

TEST_CASE("a restart of the orchestrator is noticed by the refused probe, and registered with at once") {
    Neighbourhood near;
    auto plugin = near.start();
    near.host.advance(25 * ns_per_s);
    near.token = refused();
    near.host.advance(6 * ns_per_s);  // the probe at 30 s is refused
    const auto back_at = near.host.monotonic();
    near.token = offers(0);
    near.host.advance(2 * ns_per_s);
    REQUIRE(near.registered.size() == 2);
    CHECK(near.registered[1].sent_at - back_at <= ns_per_s + ns_per_s / 4);
}

TEST_CASE("another certificate is evidence of a restart: the usual 30 s between registrations are not waited for") {
    Neighbourhood near;
    near.register_answer = ok().under("aa");
    near.token = offers(16).under("aa");
    auto plugin = near.start();
    near.host.advance(9 * ns_per_s);
    near.token = offers(0).under("bb");
    near.register_answer = ok().under("bb");
    near.host.advance(3 * ns_per_s);  // the probe at 10 s
    REQUIRE(near.registered.size() == 2);
    CHECK(near.registered[1].sent_at - near.registered[0].sent_at >= 10 * ns_per_s);
    // The same loss under the same certificate waits.
    near.host.advance(20 * ns_per_s);
    CHECK(near.registered.size() == 2);
}

TEST_CASE("a certificate in a file is read for each request, and each error of it has its own message") {
    Neighbourhood near;
    const auto path = cat(std::filesystem::temp_directory_path().native(), "/stipend-cert-", ::getpid(), ".pem");
    const auto write = [&](const std::string& text) { std::ofstream(path) << text; };
    const std::string begin = "-----BEGIN CERTIFICATE-----\n", end = "\n-----END CERTIFICATE-----\n";
    write("no certificate");
    auto plugin = near.start(cat(R"(,"orchestrator_cert":")", path, "\""));
    CHECK(near.registered.empty());
    CHECK(plugin.health().error().message.ends_with(cat(path, ": no certificate in PEM form")));
    write(begin + "AAAA" + end);
    near.host.advance(31 * ns_per_s);
    REQUIRE(near.registered.size() == 1);
    CHECK(near.registered[0].tls_mode == STIPEND_TLS_PINNED);
    // SHA-256 of three zero bytes.
    CHECK(near.registered[0].pin_sha256 == "709e80c88487a2411e1ee4dfb9f22a861492d20c4765150c0c794abd70f8147c");
    near.token = FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_TLS, "wrong certificate");
    near.host.advance(11 * ns_per_s);
    CHECK(plugin.health().error().message.ends_with(
        cat("its certificate is not the one in ", path, ": wrong certificate")));
    write(begin + "AAAB" + end);
    near.token = offers(16);
    near.host.advance(11 * ns_per_s);
    CHECK(near.probes.back().pin_sha256 != near.registered[0].pin_sha256);
    CHECK(plugin.health().ok());
    std::filesystem::remove(path);
}

TEST_CASE(
    "a pin that a restart has outdated is said each time that its text changes, and the state is not registered") {
    Neighbourhood near;
    auto plugin = near.start(cat(R"(,"pin_sha256":")", std::string(64, 'a'), "\""));
    CHECK(state_of(plugin) == "registered");
    const auto wrong = [](const std::string& got) {
        return FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_TLS, "wrong certificate: got " + got);
    };
    near.token = wrong("bb");
    near.host.advance(25 * ns_per_s);
    CHECK(near.count_logged("its certificate is not the one of pin_sha256: wrong certificate: got bb; an orchestrator "
                            "makes a new one at each start") == 1);
    CHECK(state_of(plugin) == "unconfirmed");
    near.token = wrong("cc");
    near.host.advance(20 * ns_per_s);
    CHECK(near.count_logged("wrong certificate: got cc") == 1);
    CHECK(near.registered.size() == 1);
}

TEST_CASE("http:// against a TLS port says to use https://") {
    Neighbourhood near;
    near.at = "http://127.0.0.1:9995";
    near.register_answer = FakeReply::answer(400, "Client sent an HTTP request to an HTTPS server.\n");
    auto plugin = near.start();
    CHECK(plugin.health().error().message ==
          "agent-net and http://127.0.0.1:9995: it serves TLS at this port: use https:// in its address");
}

TEST_CASE("an old orchestrator's 503 with an empty object means that no slot is free") {
    Neighbourhood near;
    auto plugin = near.start();
    near.host.advance(35 * ns_per_s);
    near.token = FakeReply::answer(503, "{}\n");
    near.host.advance(7 * ns_per_s);
    CHECK(near.registered.size() == 2);
    CHECK(near.count_logged("it offers no slot for the capability") == 1);
}

TEST_CASE("a worker whose capability no probe can see registers again every 5 to 10 minutes") {
    Neighbourhood near;
    near.token = no_price();
    auto plugin = near.start();
    // Jobs arrive, so nothing suggests a loss.
    for (int minute = 0; minute < 60; ++minute) {
        CHECK(near.job("{}").status() == 200);
        near.host.advance(60 * ns_per_s);
    }
    CHECK(near.registered.size() >= 6);
    CHECK(near.registered.size() <= 13);
    for (std::size_t i = 1; i < near.registered.size(); ++i) {
        const auto gap = near.registered[i].sent_at - near.registered[i - 1].sent_at;
        CHECK(gap >= 300 * ns_per_s);
        CHECK(gap <= 612 * ns_per_s);
    }
    CHECK(state_of(plugin) == "registered");
    CHECK(plugin.health().ok());
}

TEST_CASE("a worker whose capability no probe can see takes a new process for a loss") {
    SUBCASE("by a refused connection") {
        Neighbourhood near;
        near.token = no_price();
        auto plugin = near.start();
        near.host.advance(35 * ns_per_s);
        near.tokens = {refused(), refused()};
        near.host.advance(9 * ns_per_s);
        CHECK(near.registered.size() == 2);
    }
    SUBCASE("by a certificate") {
        Neighbourhood near;
        near.register_answer = ok().under("aa");
        near.token = no_price().under("aa");
        auto plugin = near.start();
        near.host.advance(35 * ns_per_s);
        CHECK(near.registered.size() == 1);
        near.token = no_price().under("bb");
        near.register_answer = ok().under("bb");
        near.host.advance(6 * ns_per_s);
        CHECK(near.registered.size() == 2);
        near.host.advance(100 * ns_per_s);
        CHECK(near.registered.size() == 2);
    }
}

TEST_CASE("a worker whose capability no probe can see takes the end of the jobs for a loss, once") {
    Neighbourhood near;
    near.token = no_price();
    auto plugin = near.start();
    for (int i = 0; i < 5; ++i) {
        near.host.advance(20 * ns_per_s);
        CHECK(near.job("{}").status() == 200);
    }
    near.host.advance(55 * ns_per_s);
    CHECK(near.registered.size() == 1);
    near.host.advance(20 * ns_per_s);
    CHECK(near.registered.size() == 2);
    CHECK(near.count_logged("no job arrived for 60s, and it states no price") == 1);
    near.host.advance(200 * ns_per_s);
    CHECK(near.registered.size() == 2);
}

TEST_CASE("a single job gives no time between two jobs") {
    Neighbourhood near;
    near.token = no_price();
    auto plugin = near.start();
    near.host.advance(20 * ns_per_s);
    CHECK(near.job("{}").status() == 200);
    near.host.advance(175 * ns_per_s);
    CHECK(near.count_logged("no job arrived") == 0);
    near.host.advance(20 * ns_per_s);
    CHECK(near.count_logged("no job arrived for 180s") == 1);
}
