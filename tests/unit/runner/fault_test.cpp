// Each row of "whose fault?".
#include "network.hpp"

using namespace runner_test;

namespace {

const std::string watched = R"("witness":["http://witness.example"])";

}  // namespace

TEST_CASE("a failed call is tried a second time after five seconds, and that answer counts") {
    Network net;
    net.calls = {reset(), good()};
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
    REQUIRE(net.sent_calls.size() == 2);
    const auto pause = net.sent_calls[1].sent_at - net.sent_calls[0].sent_at;
    CHECK(pause >= 5 * ns_per_s);
    CHECK(pause < 6 * ns_per_s);
}

TEST_CASE("the second try waits for a runner that is on its way back") {
    for (const auto& away : {discovery(""), refused()}) {
        Network net;
        net.run();
        net.calls = {no_runner()};
        net.offers = {away, away, away};
        CHECK(net.run()->outcome == STIPEND_JOB_OK);
        CHECK(net.sent_offers.size() == 5);
        CHECK(net.sent_calls[2].sent_at - net.sent_calls[1].sent_at >= 11 * ns_per_s);
    }
}

TEST_CASE("the wait for a restart ends after twenty seconds, or half of the period") {
    for (const std::int64_t period_s : {60, 10}) {
        Network net;
        net.run();
        net.calls = {no_runner()};
        net.offer = discovery("");
        auto job = Network::job();
        job.period_to = job.period_from + period_s * ns_per_s;
        const auto before = net.host.monotonic();
        CHECK(net.run(job)->outcome == STIPEND_JOB_FAILED);
        const auto took = net.host.monotonic() - before;
        CHECK(took < (period_s == 60 ? 22 : 8) * ns_per_s);
        CHECK(took >= (period_s == 60 ? 18 : 5) * ns_per_s);
    }
}

TEST_CASE("what never left this machine says nothing, where no other party is known to answer") {
    Network net;
    net.offer = local();
    const auto result = net.run();
    CHECK(result->outcome == STIPEND_JOB_UNKNOWN);
    CHECK(result->reason.find("this machine could not ask: ") == 0);
    CHECK_FALSE(net.plugin().health().ok());
}

TEST_CASE("what never left this machine is the orchestrator's, where another one answers") {
    Network net;
    net.meet_other();
    net.offer = local();
    const auto result = net.run();
    CHECK(result->outcome == STIPEND_JOB_FAILED);
    CHECK(net.sent_others.size() == 2);
}

TEST_CASE("what never left this machine is the orchestrator's, where a witness answers") {
    Network net(watched);
    net.offer = local();
    CHECK(net.run()->outcome == STIPEND_JOB_FAILED);
    CHECK(net.sent_witnesses.size() == 1);
}

TEST_CASE("with a witness that fails, and no other orchestrator that answers, the network is the payer's") {
    for (const auto& away : {local(), refused(), reset(), unresolved(), FakeReply::hang()}) {
        Network net(watched);
        net.meet_other();
        net.offer = away;
        net.other_offer = refused();
        net.witness_answer = local();
        const auto result = net.run();
        CHECK(result->outcome == STIPEND_JOB_UNKNOWN);
        CHECK_MESSAGE(result->reason.find("this host's network fails: no witness answers; ") == 0, result->reason);
    }
}

TEST_CASE("with a witness that fails, an orchestrator is still judged where another one answers") {
    Network net(watched);
    net.meet_other();
    net.offer = refused();
    net.witness_answer = local();
    CHECK(net.run()->outcome == STIPEND_JOB_FAILED);
}

TEST_CASE("an orchestrator is no witness of its own") {
    Network net;
    net.run();
    net.calls = {local(), local()};
    CHECK(net.run()->outcome == STIPEND_JOB_UNKNOWN);
}

TEST_CASE("an answer on the second try is its own, whatever the network did on the first") {
    Network net(watched);
    net.witness_answer = local();
    net.calls = {local(), full()};
    const auto result = net.run();
    CHECK(result->outcome == STIPEND_JOB_FAILED);
    CHECK(result->flags == STIPEND_RESULT_ANSWERED);
}

TEST_CASE("questions for the network are shared by those that fail at once") {
    Network net(watched);
    net.offer = refused();
    auto first = net.plugin().submit(Network::job());
    auto second = net.plugin().submit(Network::job());
    net.host.settle();
    CHECK(first->outcome == STIPEND_JOB_FAILED);
    CHECK(second->outcome == STIPEND_JOB_FAILED);
    CHECK(net.sent_witnesses.size() <= 2);
}

TEST_CASE("an exchange that the host cancels is unknown") {
    Network net;
    net.calls = {FakeReply::failed(STIPEND_E_CANCELLED, STIPEND_HTTP_SENT, "cancelled")};
    auto job = net.plugin().submit(Network::job());
    net.host.settle();
    REQUIRE(job.done());
    CHECK(job.status() == STIPEND_E_CANCELLED);
}
