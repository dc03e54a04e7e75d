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

TEST_CASE("each cause of a failure, at the offer and at the call: which of them is this machine's") {
    struct Row {
        const char* what;
        FakeReply reply;
        std::int32_t outcome;
    };
    const auto failed = [](std::int32_t phase, std::int32_t cause) {
        return FakeReply::failed(STIPEND_E_UNAVAILABLE, phase, "it failed").because(cause);
    };
    auto late = FakeReply::failed(STIPEND_E_LIMIT, STIPEND_HTTP_HEAD, "it failed").because(STIPEND_HTTP_CAUSE_LOCAL);
    late.http_status = 200;
    const std::vector<Row> rows{
        {"no resolver", failed(STIPEND_HTTP_RESOLVE, STIPEND_HTTP_CAUSE_LOCAL), STIPEND_JOB_UNKNOWN},
        {"no resolver in time",
         FakeReply::failed(STIPEND_E_TIMEOUT, STIPEND_HTTP_RESOLVE, "slow").because(STIPEND_HTTP_CAUSE_LOCAL),
         STIPEND_JOB_UNKNOWN},
        {"no route, port or descriptor", failed(STIPEND_HTTP_CONNECT, STIPEND_HTTP_CAUSE_LOCAL), STIPEND_JOB_UNKNOWN},
        {"own TLS store", failed(STIPEND_HTTP_TLS, STIPEND_HTTP_CAUSE_LOCAL), STIPEND_JOB_UNKNOWN},
        {"an answer was begun", late, STIPEND_JOB_FAILED},
        {"no such name", failed(STIPEND_HTTP_RESOLVE, STIPEND_HTTP_CAUSE_RESOLVE), STIPEND_JOB_FAILED},
        {"refused", failed(STIPEND_HTTP_CONNECT, STIPEND_HTTP_CAUSE_REFUSED), STIPEND_JOB_FAILED},
        {"reset", failed(STIPEND_HTTP_SENT, STIPEND_HTTP_CAUSE_RESET), STIPEND_JOB_FAILED},
        {"its certificate", failed(STIPEND_HTTP_TLS, STIPEND_HTTP_CAUSE_CERTIFICATE), STIPEND_JOB_FAILED},
        {"broken HTTP", failed(STIPEND_HTTP_SENT, STIPEND_HTTP_CAUSE_OTHER), STIPEND_JOB_FAILED},
    };
    for (const auto& row : rows) {
        CAPTURE(row.what);
        const bool ours = row.outcome == STIPEND_JOB_UNKNOWN;
        // Others answer, so it is the cause alone that decides.
        Network at_offer(watched), at_call(watched), at_first(watched), at_second(watched);
        at_offer.meet_other();
        at_offer.offer = row.reply;
        at_call.calls = {row.reply, row.reply};
        at_first.calls = {row.reply, full()};
        at_second.calls = {full(), row.reply};
        for (auto* net : {&at_offer, &at_call, &at_first, &at_second}) {
            const auto result = net->run();
            CHECK(result->outcome == row.outcome);
            CHECK((result->reason.find("this machine could not ask: ") == 0) == ours);
            CHECK(net->plugin().health().ok() != ours);
        }
    }
}

TEST_CASE("a request that the host does not take is this machine's, but for a path that cannot be sent") {
    for (const auto status : {STIPEND_E_LIMIT, STIPEND_E_UNAVAILABLE, STIPEND_E_INVALID}) {
        Network net;
        net.host.http().serve([&](const FakeRequest&) {
            net.host.http().refuse(status);  // the call that follows
            return net.offer;
        });
        auto job = net.plugin().submit(Network::job());
        net.host.advance(ns_per_s);  // between the tries
        CHECK_FALSE(job.done());
        net.host.http().refuse(STIPEND_OK);
        net.host.settle();
        REQUIRE(job.done());
        CHECK(job->outcome == (status == STIPEND_E_INVALID ? STIPEND_JOB_FAILED : STIPEND_JOB_UNKNOWN));
    }
}

TEST_CASE("with a witness that fails, and no other orchestrator that answers, the network is the payer's") {
    for (const auto& away : {refused(), reset(), unresolved(), FakeReply::hang()}) {
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

TEST_CASE("of a witness by TCP a connection is enough") {
    auto connected = FakeReply::answer(0, "");
    connected.phase = STIPEND_HTTP_TLS;
    for (const bool answers : {true, false}) {
        Network net(R"("witness":["tcp://witness.example:53"])");
        net.offer = refused();
        net.witness_answer = answers ? connected : refused();
        CHECK(net.run()->outcome == (answers ? STIPEND_JOB_FAILED : STIPEND_JOB_UNKNOWN));
        REQUIRE(net.sent_witnesses.size() == 1);
        CHECK(net.sent_witnesses[0].url == "http://witness.example:53");
        CHECK(net.sent_witnesses[0].flags == STIPEND_HTTP_CONNECT_ONLY);
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
    Network net(watched);
    net.run();
    net.witness_answer = refused();
    net.calls = {refused(), refused()};
    CHECK(net.run()->outcome == STIPEND_JOB_UNKNOWN);
}

TEST_CASE("an answer on the second try is its own, whatever the network did on the first") {
    Network net(watched);
    net.witness_answer = local();
    net.calls = {refused(), full()};
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
