#include "network.hpp"

using namespace byoc_test;

namespace {

FakeJob numbered(int i) {
    auto job = Network::job();
    job.orchestrator_id = "orch-" + std::to_string(i);
    job.address = "https://10.0.0." + std::to_string(i) + ":9995";
    job.service_addresses = orchestrator;  // which the answers name
    return job;
}

}  // namespace

TEST_CASE("one sentinel serves all failures of the same second") {
    Network net(R"("price_check":"off","price_unseen":"allow")");
    std::vector<Operation<JobResult>> jobs;
    for (int i = 0; i < 100; ++i) {
        net.jobs.push_back(reset().after(std::int64_t{i} * 9'000'000));  // over 0.9 s
        jobs.push_back(net.plugin().submit(numbered(i)));
    }
    net.host.advance(4 * ns_per_s);  // before any second try
    CHECK(net.sent_sentinels.size() == 2);
    CHECK(net.sent_sentinels[1].sent_at - net.sent_sentinels[0].sent_at == ns_per_s);
    net.host.settle();
    for (const auto& job : jobs) CHECK(job->outcome == STIPEND_JOB_OK);
}

TEST_CASE("each failure is judged by a sentinel that was sent after it") {
    Network net(R"("price_check":"off","price_unseen":"allow")");
    net.sentinel_answers = {not_found(), refused()};
    net.jobs = {reset(), refused().after(500'000'000)};
    auto early = net.plugin().submit(numbered(1));
    auto late = net.plugin().submit(numbered(2));
    net.host.advance(4 * ns_per_s);
    // The gateway died after the first sentinel; what failed since is not judged by that one.
    REQUIRE(late.done());
    CHECK(late->outcome == STIPEND_JOB_UNKNOWN);
    CHECK_FALSE(early.done());
}

TEST_CASE("a failure while a sentinel is under way waits for the next one") {
    Network net(R"("price_check":"off","price_unseen":"allow")");
    net.sentinel_answers = {not_found().after(3 * ns_per_s), not_found()};
    net.jobs = {reset(), reset().after(2 * ns_per_s)};
    auto first = net.plugin().submit(numbered(1));
    auto second = net.plugin().submit(numbered(2));
    net.host.advance(2'500'000'000);
    CHECK(net.sent_sentinels.size() == 1);
    net.host.advance(600'000'000);
    CHECK(net.sent_sentinels.size() == 2);
    net.host.settle();
    CHECK(first->outcome == STIPEND_JOB_OK);
    CHECK(second->outcome == STIPEND_JOB_OK);
}

TEST_CASE("only the sentinel may be sent again by the client: it reaches no orchestrator") {
    Network net;
    net.jobs = {reset()};
    net.run();
    CHECK(net.sent_sentinels[0].header("Idempotency-Key") == "sentinel");
    CHECK(net.sent_sentinels[0].max_response_bytes == 65'536);
    CHECK(net.sent_jobs[0].header("Idempotency-Key") == "");
}

TEST_CASE("jobs of another capability have a sentinel of their own, since the gateway's words name it") {
    Network net(R"("price_check":"off","price_unseen":"allow")");
    net.host.http().serve([](const FakeRequest& request) {
        const std::string name = request.url.substr(request.url.rfind('/') + 1);
        return FakeReply::answer(400, "No orchestrators found for capability " + name + "\n");
    });
    auto job = Network::job(0);
    job.capability = "other";
    const auto one = net.run(Network::job(0));
    const auto other = net.run(job);
    CHECK(one->flags == STIPEND_RESULT_UNLISTED);
    CHECK(other->flags == STIPEND_RESULT_UNLISTED);
}

TEST_CASE("health reports the last sentinel, and a valid response clears it") {
    Network net;
    CHECK(net.plugin().health().ok());
    net.sentinel = refused();
    net.jobs = {refused()};
    net.run();
    net.host.advance(7 * ns_per_s);
    auto health = net.plugin().health();
    REQUIRE_FALSE(health.ok());
    CHECK(health.error().message ==
          "the gateway fails: http://gw:9935/process/request/agent-net: connection refused, 7 s ago");
    CHECK(net.host.logged(STIPEND_LOG_WARN, "the gateway fails: "));
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
    CHECK(net.plugin().health().ok());
}

TEST_CASE("if the host accepts no requests, no orchestrator has failed") {
    Network net(R"("price_check":"off","price_unseen":"allow")");
    net.host.http().refuse(STIPEND_E_LIMIT);
    const auto refused_job = net.plugin().submit(Network::job());
    CHECK(refused_job.status() == STIPEND_E_BUSY);
    net.host.http().refuse(STIPEND_OK);
    net.jobs = {reset().after(ns_per_s)};
    auto job = net.plugin().submit(Network::job());
    net.host.http().refuse(STIPEND_E_LIMIT);
    net.host.settle();
    REQUIRE(job.done());
    CHECK(job.status() == STIPEND_E_CANCELLED);
}
