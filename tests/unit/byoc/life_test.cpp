// How jobs end early, and what an instance does at its ends.
#include <malloc.h>

#include "network.hpp"

using namespace byoc_test;
using stipend::cat;

TEST_CASE("the sent job has the fields of the request") {
    Network net;
    auto job = Network::job();
    job.address = orchestrator + "/";
    job.job_id = "run-1/orch-1/7";
    job.nonce = "\x01\xab";
    job.period_from = 1'755'529'940'000'000'000;
    job.period_to = 1'755'530'000'000'000'000;
    job.window_s = 90;
    net.run(job);
    REQUIRE(net.sent_jobs.size() == 1);
    const auto& sent = net.sent_jobs[0];
    CHECK(sent.method == "POST");
    CHECK(sent.url == "http://gw:9935/process/request/agent-net");
    CHECK(sent.headers == "Content-Type: application/json\r\nLivepeer: " +
                              livepeer::livepeer_header(orchestrator, "agent-net", 20) + "\r\n");
    CHECK(
        sent.body ==
        R"({"action":"service-monitoring","agent_id":"orch-1","include_utilization":true,"timestamp":1755530000.124,"window_seconds":90,"job_id":"run-1/orch-1/7","nonce":"01ab","period_from":"1755529940000000000","period_to":"1755530000000000000"})");
    CHECK(sent.timeout_ms == 30'000);
    CHECK(sent.max_response_bytes == 1 << 20);
}

TEST_CASE("the timeout, the path and the maximum body are configurable") {
    Network net(R"("timeout":"60s","path":"/v2/agent","max_body":4096,"price_check":"off","price_unseen":"allow")");
    net.host.http().expect("POST", "http://gw:9935/process/request/v2/agent", good());
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
    CHECK(net.host.http().requests()[0].timeout_ms == 70'000);
    CHECK(net.host.http().requests()[0].max_response_bytes == 4096);
}

TEST_CASE("an invalid job is rejected at once") {
    Network net;
    auto job = Network::job();
    job.address = "10.0.0.7:9995";
    CHECK(net.plugin().submit(job).error() == "bad URL: got \"10.0.0.7:9995\": want http://host:port or https://");
    job = Network::job();
    job.capability = "a b";
    CHECK(net.plugin().submit(job).status() == STIPEND_E_INVALID);
}

TEST_CASE("a cancelled job ends at once in every step") {
    const auto cancel_after = [](std::int64_t ns, FakeReply first, FakeReply sentinel) {
        Network net;
        net.free_token = token();
        net.jobs = {std::move(first), FakeReply::hang()};
        net.sentinel = std::move(sentinel);
        auto job = net.plugin().submit(Network::job());
        net.host.advance(ns);
        REQUIRE_FALSE(job.done());
        net.plugin().cancel_job(job.op());
        net.host.run();
        REQUIRE(job.done());
        CHECK(job.status() == STIPEND_E_CANCELLED);
        net.host.settle();
        CHECK(net.host.http().under_way() == 0);
    };
    cancel_after(0, good(), not_found());                    // the price is looked at
    cancel_after(ns_per_s, FakeReply::hang(), not_found());  // the job is out
    cancel_after(ns_per_s, reset(), FakeReply::hang());      // the sentinel is out
    cancel_after(3 * ns_per_s, reset(), not_found());        // before the second try
    cancel_after(7 * ns_per_s, reset(), not_found());        // the second try is out
}

TEST_CASE("a cancelled offer ends at once, and a cancel of a finished operation is ignored") {
    Network net;
    net.free_token = FakeReply::hang();
    auto offer = net.plugin().inspect(orchestrator, "agent-net");
    net.plugin().cancel_job(offer.op());
    net.host.run();
    REQUIRE(offer.done());
    CHECK(offer.status() == STIPEND_E_CANCELLED);
    net.plugin().cancel_job(offer.op());
    net.plugin().cancel_job(999);
    net.host.settle();
}

TEST_CASE("a cancel of a finished job is ignored") {
    Network net;
    auto job = net.plugin().submit(Network::job());
    net.host.settle();
    REQUIRE(job.done());
    net.plugin().cancel_job(job.op());
    net.host.run();
    CHECK(job.status() == STIPEND_OK);
    CHECK(job->outcome == STIPEND_JOB_OK);
}

TEST_CASE("a job that ended holds no memory") {
    Network net;
    const auto run = [&](bool fails) {
        for (int i = 0; i < 64; ++i) {
            const std::string padding(256 << 10, 'x');
            auto body = cat(R"({"overall_uptime_percentage":)", fails ? "\"no number\"" : "99.5",
                            R"(,"window_seconds":60,"padding":")", padding, "\"}");
            net.jobs = {answer(body), answer(body)};
            CHECK(net.run()->outcome == (fails ? STIPEND_JOB_FAILED : STIPEND_JOB_OK));
        }
    };
    for (const bool fails : {false, true}) {
        const auto before = ::mallinfo2().uordblks;
        run(fails);
        // The answers were 16 MiB. A sanitizer's allocator counts nothing here.
        CHECK(::mallinfo2().uordblks <= before + (4u << 20));
    }
}

TEST_CASE("a cancelled job ends the look at its orchestrator after the second try") {
    Network net;
    net.jobs = {empty_200(), not_found()};
    auto job = net.plugin().submit(Network::job());
    net.host.advance(4 * ns_per_s);
    net.free_token = FakeReply::hang();
    net.host.advance(2 * ns_per_s);  // the second try has failed, and its orchestrator is asked once more
    REQUIRE_FALSE(job.done());
    REQUIRE(net.host.http().under_way() == 1);
    net.plugin().cancel_job(job.op());
    net.host.run();
    CHECK(job.status() == STIPEND_E_CANCELLED);
    CHECK(net.host.http().under_way() == 0);
}

TEST_CASE("a cancelled job ends the look at its orchestrator before the second try") {
    Network net;
    net.jobs = {empty_200()};
    net.tokens = {token()};
    net.free_token = FakeReply::hang();
    auto job = net.plugin().submit(Network::job());
    net.host.advance(2 * ns_per_s);
    REQUIRE_FALSE(job.done());
    REQUIRE(net.sent_tokens.size() == 2);
    REQUIRE(net.host.http().under_way() == 1);
    net.plugin().cancel_job(job.op());
    net.host.run();
    CHECK(job.status() == STIPEND_E_CANCELLED);
    CHECK(net.host.http().under_way() == 0);
}

TEST_CASE("a quiesced instance completes its jobs, including second attempts") {
    Network net;
    net.jobs = {reset(), good()};
    auto job = net.plugin().submit(Network::job());
    net.host.advance(ns_per_s);
    net.plugin().quiesce();
    CHECK_FALSE(job.done());
    net.host.settle();
    REQUIRE(job.done());
    CHECK(job->outcome == STIPEND_JOB_OK);
    net.plugin().destroy();
}

TEST_CASE("without timers a job fails at once") {
    Network net;
    net.jobs = {reset()};
    auto job = net.plugin().submit(Network::job());
    net.host.refuse_timers(true);
    net.host.settle();
    REQUIRE(job.done());
    CHECK(job.status() == STIPEND_E_BUSY);
}

TEST_CASE("without an HTTP client start fails") {
    FakeHost host;
    host.withhold(STIPEND_HOST_HTTP);
    auto plugin = host.create<byoc::Dispatch>(R"({"gateway":"http://gw"})");
    const auto started = plugin.start();
    REQUIRE_FALSE(started.ok());
    CHECK(started.error().message == "this host offers no HTTP client");
}

TEST_CASE("jobs are counted by outcome") {
    Network net;
    net.run();
    net.run(reset(), reset());
    net.sentinel = refused();
    net.run(reset(), reset());
    CHECK(net.host.metric("jobs_ok_total") == 1);
    CHECK(net.host.metric("jobs_failed_total") == 1);
    CHECK(net.host.metric("jobs_unknown_total") == 1);
    CHECK(net.host.metric("retries_total") == 1);
}
