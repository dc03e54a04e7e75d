// Questions of payees that end the signer, and the order in which it is asked.
#include "signer_turns.hpp"
#include "network.hpp"

using namespace runner_test;

namespace {

// A signer that ends at each question of `orchestrator`, and that a supervisor starts again.
struct Ended : Network {
    Ended() : Network(priced) {
        offer = discovery(offer_of("agent-net", fixed("5000")));
        answer = demand();
        signer_payment = reset();
    }
    static FakeJob job_of(std::int64_t period) {
        auto job = Network::job();
        job.period_from += period * 60 * ns_per_s;
        job.period_to += period * 60 * ns_per_s;
        return job;
    }
};

}  // namespace

TEST_CASE("a question that ends the signer, alone as well, is a failed check, and is not asked again for an hour") {
    Ended net;
    // At the start well; gone after the question; up again before the second one; gone after it.
    net.identities = {identity(), refused(), identity(), refused()};
    const auto result = net.run();
    CHECK(result->outcome == STIPEND_JOB_FAILED);
    CHECK(result->reason == "what it asks a payment for ends the signer: connection reset by peer");
    CHECK(fee_of(result) == "0");
    CHECK(net.sent_payments.size() == 2);
    CHECK(net.sent_identities.size() == 4);

    const auto held = net.run(Ended::job_of(1));
    CHECK(held->outcome == STIPEND_JOB_FAILED);
    CHECK(held->reason.find("what it asks a payment for has ended the signer") == 0);
    CHECK(net.sent_payments.size() == 2);

    net.host.advance(runner::SignerTurns::hold_ns);
    net.calls = {demand(), good()};
    net.signer_payment = payment();
    CHECK(net.run(Ended::job_of(2))->outcome == STIPEND_JOB_OK);
}

TEST_CASE("a question that lets the whole signer hang is judged as one that ends it") {
    Ended net;
    net.signer_payment = FakeReply::hang();
    net.identities = {identity(), FakeReply::hang(), identity(), FakeReply::hang()};
    const auto result = net.run();
    CHECK(result->outcome == STIPEND_JOB_FAILED);
    CHECK_MESSAGE(result->reason.find("what it asks a payment for ends the signer: ") == 0, result->reason);
}

TEST_CASE("a signer that ends once is the payer's, and does not count against those that it was asked for then") {
    Ended net;
    net.identities = {identity(), refused()};
    net.payments = {reset(), payment()};
    net.calls = {demand(), demand(), good()};
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
    // Nor later: the next end is a first one again.
    net.identities = {refused(), refused()};
    net.signer_payment = reset();
    CHECK(net.run(Ended::job_of(1))->outcome == STIPEND_JOB_UNKNOWN);
}

TEST_CASE("a signer that stays away after a question is the payer's, until it is up and ends at the next one") {
    Ended net;
    net.identities = {identity(), refused(), refused()};
    const auto first = net.run();
    CHECK(first->outcome == STIPEND_JOB_UNKNOWN);
    CHECK_FALSE(net.plugin().health().ok());
    CHECK(net.sent_payments.size() == 1);
    net.identities = {identity(), refused()};
    CHECK(net.run(Ended::job_of(1))->outcome == STIPEND_JOB_FAILED);
    CHECK(net.sent_payments.size() == 2);
}

TEST_CASE("a question that is asked alone waits for the others, and the others for it") {
    runner::SignerTurns turns;
    std::string order;
    const auto enter = [&](char name, bool alone) { turns.enter(alone, [&order, name] { order += name; }); };
    enter('a', false);
    enter('b', false);
    enter('C', true);
    enter('d', false);
    enter('E', true);
    CHECK(order == "ab");
    turns.leave();
    CHECK(order == "ab");
    turns.leave();
    CHECK(order == "abC");
    turns.leave();
    CHECK(order == "abCd");
    turns.leave();
    CHECK(order == "abCdE");
    turns.leave();
    // One that ends as it begins, by the thousand.
    int ended = 0;
    enter('f', true);
    for (int i = 0; i < 100'000; ++i) {
        turns.enter(i % 2 == 0, [&] {
            ++ended;
            turns.leave();
        });
    }
    turns.leave();
    CHECK(ended == 100'000);
}

TEST_CASE("suspects are bounded, and one that is held is so until its time") {
    runner::SignerTurns turns;
    CHECK_FALSE(turns.is_suspect("a"));
    turns.suspect("a");
    CHECK(turns.is_suspect("a"));
    CHECK_FALSE(turns.is_held("a", 0));
    turns.convict("a", 5);
    CHECK(turns.is_held("a", 4 + runner::SignerTurns::hold_ns));
    CHECK_FALSE(turns.is_held("a", 5 + runner::SignerTurns::hold_ns));
    turns.clear("a");
    CHECK_FALSE(turns.is_suspect("a"));
    for (std::size_t i = 0; i <= runner::SignerTurns::max_suspects; ++i) turns.suspect(std::to_string(i));
    CHECK_FALSE(turns.is_suspect("0"));
}
