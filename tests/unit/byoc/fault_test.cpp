// Each row of "whose fault?".
#include "network.hpp"

using namespace byoc_test;

namespace {

constexpr std::uint32_t unlisted = STIPEND_RESULT_UNLISTED;
constexpr std::uint32_t answered_for = STIPEND_RESULT_ANSWERED;

}  // namespace

TEST_CASE("after a failure a sentinel is sent with the same header for an unknown orchestrator") {
    Network net;
    net.jobs = {reset()};
    net.run();
    REQUIRE(net.sent_sentinels.size() == 1);
    CHECK(net.sent_sentinels[0].url == net.sent_jobs[0].url);
    CHECK(net.sent_sentinels[0].header("Livepeer") ==
          livepeer::livepeer_header("https://sentinel.invalid:1", "agent-net", 20));
    CHECK(net.sent_jobs[0].header("Livepeer") == livepeer::livepeer_header(orchestrator, "agent-net", 20));
}

TEST_CASE("a failed job is retried once after five seconds, and that response counts") {
    Network net;
    net.jobs = {reset(), good()};
    const auto result = net.run();
    CHECK(result->outcome == STIPEND_JOB_OK);
    REQUIRE(net.sent_jobs.size() == 2);
    const auto pause = net.sent_jobs[1].sent_at - net.sent_sentinels[0].sent_at;
    CHECK(pause >= 5 * ns_per_s);
    CHECK(pause < 5 * ns_per_s + ns_per_s / 10);
}

TEST_CASE("the delay before the second attempt is configurable") {
    Network net(R"("retry_after":"250ms")");
    net.jobs = {reset(), good()};
    net.run();
    CHECK(net.sent_jobs[1].sent_at - net.sent_sentinels[0].sent_at == 251'000'000);
}

TEST_CASE("with a healthy gateway the second failure is the orchestrator's, without a third attempt") {
    Network net;
    const auto result = net.run(reset(), empty_200());
    CHECK(result->outcome == STIPEND_JOB_FAILED);
    CHECK(result->reason ==
          "status 200 with an empty body: every try of the gateway failed (first try: no answer: connection reset by "
          "peer)");
    CHECK(result->flags == answered_for);
    CHECK(net.sent_jobs.size() == 2);
}

TEST_CASE("a gateway that refuses connections is the payer's fault") {
    Network net;
    net.sentinel = refused();
    const auto result = net.run(refused(), good());
    CHECK(result->outcome == STIPEND_JOB_UNKNOWN);
    CHECK(result->reason == "the gateway fails: connection refused; the job: no answer: connection refused");
    CHECK(result->flags == 0);
    CHECK(net.sent_jobs.size() == 1);
}

TEST_CASE("with an unhealthy gateway the check is unknown") {
    for (const auto& sick : {FakeReply::answer(500, "boom"), empty_200(), reset(), FakeReply::hang(),
                             FakeReply::answer(502, "Bad Gateway"), FakeReply::answer(404, "404 page not found\n"),
                             FakeReply::answer(200, "No orchestrators found"),
                             FakeReply::answer(400, "No orchestrators found", "x-orchestrator-url: https://a\r\n")}) {
        Network net;
        net.sentinel = sick;
        const auto result = net.run(reset(), good());
        CHECK(result->outcome == STIPEND_JOB_UNKNOWN);
        CHECK(result->flags == 0);
    }
}

TEST_CASE("an old gateway, which responds with 503, is healthy") {
    Network net;
    net.sentinel = not_found(503);
    CHECK(net.run(reset(), reset())->outcome == STIPEND_JOB_FAILED);
}

TEST_CASE("a gateway that fails between the two attempts is the payer's fault") {
    Network net;
    net.sentinel_answers = {not_found(), refused()};
    const auto result = net.run(reset(), refused());
    CHECK(result->outcome == STIPEND_JOB_UNKNOWN);
    CHECK(net.sent_jobs.size() == 2);
}

TEST_CASE("a second attempt without a connection to the gateway proves nothing, also if the gateway is healthy again") {
    Network net;
    const auto result = net.run(reset(), refused());
    CHECK(result->outcome == STIPEND_JOB_UNKNOWN);
    CHECK(result->reason.starts_with("the gateway could not be asked: "));
}

TEST_CASE("a job that the gateway rejects for every orchestrator is unknown and logged as an error") {
    Network net;
    const auto malformed = FakeReply::answer(400, "Unable to parse job request, err=ErrorSegEncoding\n");
    net.sentinel = malformed;
    const auto result = net.run(malformed, good());
    CHECK(result->outcome == STIPEND_JOB_UNKNOWN);
    CHECK(result->flags == 0);
    CHECK(result->reason.starts_with("the gateway refuses our jobs: status 400: \"Unable to parse job request"));
    CHECK(net.host.logged(STIPEND_LOG_ERROR, "the gateway refuses every job of ours"));
}

TEST_CASE("after the orchestrator responded, a failed gateway is not an excuse") {
    Network net;
    net.sentinel = refused();
    const auto result = net.run(answer("{}"), refused());
    CHECK(result->outcome == STIPEND_JOB_FAILED);
    CHECK(result->flags == answered_for);
    CHECK(net.sent_sentinels.empty());
    CHECK(net.sent_jobs.size() == 2);
}

TEST_CASE("an orchestrator that responds on the second attempt is judged without the sentinel") {
    Network net;
    net.sentinel_answers = {not_found(), refused()};
    const auto result = net.run(reset(), answer("not json"));
    CHECK(result->outcome == STIPEND_JOB_FAILED);
    CHECK(net.sent_sentinels.size() == 1);
}

TEST_CASE("an orchestrator that the gateway never knew is not punished") {
    for (const int status : {400, 503}) {
        Network net;
        net.sentinel = not_found(status);
        const auto result = net.run(not_found(status), not_found(status), Network::job(0));
        CHECK(result->outcome == STIPEND_JOB_UNKNOWN);
        CHECK(result->flags == unlisted);
        CHECK(result->reason == "the gateway has never known this orchestrator: is its address in the gateway's pool?");
    }
}

TEST_CASE("an orchestrator that the gateway knew before and no longer knows has failed") {
    Network net;
    const auto result = net.run(not_found(), not_found(), Network::job(STIPEND_JOB_KNOWN));
    CHECK(result->outcome == STIPEND_JOB_FAILED);
    CHECK(result->flags == 0);
}

TEST_CASE("a failed gateway does not make an orchestrator known") {
    Network net;
    net.sentinel = FakeReply::answer(502, "Bad Gateway");
    const auto result = net.run(FakeReply::answer(502, "Bad Gateway"), good(), Network::job(0));
    CHECK(result->outcome == STIPEND_JOB_UNKNOWN);
    CHECK(result->flags == 0);
}

TEST_CASE("every response of a healthy gateway but its own not-found makes an orchestrator known") {
    for (const auto& said : {empty_200(), FakeReply::answer(400, "Insufficient balance for request\n\n"),
                             FakeReply::answer(429, "{\"err\":429}\n\n"), FakeReply::answer(500, "unexpected EOF\n")}) {
        Network net;
        const auto result = net.run(not_found(), said, Network::job(0));
        CHECK(result->outcome == STIPEND_JOB_FAILED);
        CHECK(result->flags == answered_for);
    }
    Network silent;
    const auto result = silent.run(reset(), reset(), Network::job(0));
    CHECK(result->outcome == STIPEND_JOB_FAILED);
    CHECK(result->flags == 0);
}

TEST_CASE("a rejected new balance is retried once") {
    Network net;
    net.jobs = {FakeReply::answer(400, "Insufficient balance for request\n\n"), good()};
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
    CHECK(net.sent_sentinels.size() == 1);
}

TEST_CASE("an exchange that the host cancels is unknown") {
    Network net;
    net.jobs = {FakeReply::failed(STIPEND_E_CANCELLED, STIPEND_HTTP_SENT, "cancelled")};
    auto job = net.plugin().submit(Network::job());
    net.host.settle();
    REQUIRE(job.done());
    CHECK(job.status() == STIPEND_E_CANCELLED);
    CHECK(net.sent_sentinels.empty());
}
