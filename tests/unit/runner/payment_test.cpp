// A priced call: what is reserved, asked of the signer, sent and counted, and what each refusal means.
#include "network.hpp"

using namespace runner_test;

namespace {

struct Paid : Network {
    explicit Paid(const std::string& more = "") : Network(priced + more) {
        offer = discovery(offer_of("agent-net", fixed("5000")));
        calls = {demand()};
    }
};

}  // namespace

TEST_CASE("a priced call is reserved, demanded, signed for below its price, and sent again with the payment") {
    Paid net;
    const auto result = net.run();
    CHECK_MESSAGE(result->outcome == STIPEND_JOB_OK, result->reason);
    CHECK(fee_of(result) == "5000");
    REQUIRE(net.host.reservations().size() == 1);
    CHECK(Wei::from_abi(net.host.reservations()[0].wei).text() == "5000");
    REQUIRE(net.sent_calls.size() == 2);
    CHECK(net.sent_calls[0].header("Livepeer-Payer-Address").size() == 42);
    CHECK(net.sent_calls[0].header("Livepeer-Payment").empty());
    CHECK(net.sent_calls[1].header("Livepeer-Payment") == "cGF5");
    CHECK(net.sent_calls[1].header("Livepeer-Segment") == "c2Vn");
    CHECK(net.sent_calls[1].body.find(R"("job_id":"job-1")") != std::string::npos);
    REQUIRE(net.sent_payments.size() == 1);
    CHECK(net.sent_payments[0].body ==
          R"({"orchestrator":"cGFyYW1z","ManifestID":"m-1","type":"fixed","app":"agent-net","maxPrice":{"price":5000,)"
          R"("currency":"wei","unit":"fixed"}})");
}

TEST_CASE("the payer's address is asked for once") {
    Paid net;
    net.run();
    auto next = Network::job();
    next.period_from += 60 * ns_per_s;
    net.calls = {demand()};
    CHECK(net.run(next)->outcome == STIPEND_JOB_OK);
    CHECK(net.sent_identities.size() == 1);
    CHECK(net.sent_payments.size() == 2);
}

TEST_CASE("a fee counts as whole tickets, where their value is configured") {
    Paid net(R"(,"ticket_value":3000)");
    CHECK(fee_of(net.run()) == "6000");
    CHECK(Wei::from_abi(net.host.reservations()[0].wei).text() == "6000");
}

TEST_CASE("a free call reserves and pays nothing, also where a price would be allowed") {
    Network net(priced);
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
    CHECK(net.host.reservations().empty());
    CHECK(net.sent_identities.empty());
    CHECK(net.sent_calls.size() == 1);
}

TEST_CASE("a budget that refuses, or that is too small, holds the check: nothing is sent") {
    Paid net;
    net.host.answer_fees([](const auto&) -> stipend::Result<void> {
        return stipend::fail(STIPEND_E_LIMIT, "limits.fees_per_day is reached");
    });
    const auto held = net.run();
    CHECK(held->outcome == STIPEND_JOB_UNKNOWN);
    CHECK(held->reason == "limits.fees_per_day is reached");
    Paid small;
    auto job = Network::job();
    job.max_fee_wei = Wei(4999).to_abi();
    const auto over = small.run(job);
    CHECK(over->outcome == STIPEND_JOB_UNKNOWN);
    CHECK(over->flags == STIPEND_RESULT_OVER_FEE);
    CHECK(net.sent_calls.empty());
    CHECK(small.sent_calls.empty());
    CHECK(fee_of(over) == "0");
}

TEST_CASE("a call that failed after its payment has no second try, and is not paid again in that period") {
    for (const auto& ending : {full(), reset(), error(400, "invalid ticket senderNonce: already seen"), demand(),
                               FakeReply::hang(), FakeReply::answer(200, "{}"), no_runner()}) {
        Paid net;
        net.calls = {demand(), ending};
        const auto result = net.run();
        CHECK(result->outcome == STIPEND_JOB_FAILED);
        CHECK_MESSAGE(result->reason.find("after its payment: ") == 0, result->reason);
        CHECK(fee_of(result) == "5000");
        CHECK(net.sent_payments.size() == 1);
        net.calls.clear();
        const auto again = net.run();
        CHECK(again->outcome == STIPEND_JOB_FAILED);
        CHECK(again->reason == "its call failed after its payment, and is not paid again in this pay period");
        CHECK(fee_of(again) == "0");
        CHECK(net.sent_payments.size() == 1);
        auto next = Network::job();
        next.period_from += 60 * ns_per_s;
        net.calls = {demand()};
        CHECK(net.run(next)->outcome == STIPEND_JOB_OK);
    }
}

TEST_CASE("a period whose outcome was lost after the payment is not paid again, and says nothing") {
    Paid net;
    net.run();
    net.calls = {demand()};
    const auto again = net.run();
    CHECK(again->outcome == STIPEND_JOB_UNKNOWN);
    CHECK(again->reason == "this pay period was paid for already, and what came of it is not known");
    CHECK(net.sent_payments.size() == 1);
}

TEST_CASE("what the signer refuses of the payee's parameters is a failed check") {
    for (const int status : {400, 481, 482, 480}) {
        Paid net;
        net.calls.clear();
        net.answer = demand();
        net.signer_payment = error(status, "no");
        const auto result = net.run();
        CHECK(result->outcome == STIPEND_JOB_FAILED);
        CHECK_MESSAGE(result->reason.find(cat("the signer refuses what it asks a payment for: status ", status)) == 0,
                      result->reason);
        CHECK(fee_of(result) == "0");
        // 480 asks for the parameters again, once in each try.
        CHECK(net.sent_payments.size() == (status == 480 ? 4 : 2));
    }
}

TEST_CASE("after a 480 the parameters are asked for again, and then it is paid") {
    Paid net;
    net.calls = {demand(), demand()};
    net.payments = {error(480, "refresh")};
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
    CHECK(net.sent_calls.size() == 3);
    CHECK(net.host.reservations().size() == 1);
}

TEST_CASE("a signer that fails at its own identity as well is the payer's") {
    for (const auto& sick : {refused(), FakeReply::answer(500, "boom"), FakeReply::hang(), FakeReply::answer(200, "{}"),
                             FakeReply::answer(404, "404 page not found\n")}) {
        Paid net;
        net.calls.clear();
        net.answer = demand();
        net.identities = {identity()};
        net.signer_identity = sick;
        net.signer_payment = sick;
        const auto result = net.run();
        CHECK(result->outcome == STIPEND_JOB_UNKNOWN);
        CHECK_MESSAGE(result->reason.find("the signer fails: ") == 0, result->reason);
        CHECK(fee_of(result) == "0");
        CHECK_FALSE(net.plugin().health().ok());
    }
}

TEST_CASE("a signer that fails only at what the payee supplied is the payee's") {
    for (const auto& sick : {reset(), FakeReply::answer(500, "boom"), FakeReply::hang(),
                             FakeReply::answer(200, R"({"payment":"a b","segCreds":"\r\n"})")}) {
        Paid net;
        net.calls.clear();
        net.answer = demand();
        net.signer_payment = sick;
        const auto result = net.run();
        CHECK(result->outcome == STIPEND_JOB_FAILED);
        CHECK_MESSAGE(result->reason.find("the signer, which is well, fails at what it asks a payment for: ") == 0,
                      result->reason);
        CHECK(net.plugin().health().ok());
    }
}

TEST_CASE("a question that never reached the signer is the payer's, also where the signer is well") {
    for (const auto& unasked : {refused(), local(), unresolved()}) {
        Paid net;
        net.calls.clear();
        net.answer = demand();
        net.signer_payment = unasked;
        const auto result = net.run();
        CHECK(result->outcome == STIPEND_JOB_UNKNOWN);
        CHECK_MESSAGE(result->reason.find("the signer fails: ") == 0, result->reason);
    }
}

TEST_CASE("a payment that never left this machine costs nothing and says nothing") {
    Paid net;
    net.calls = {demand(), local()};
    const auto result = net.run();
    CHECK(result->outcome == STIPEND_JOB_UNKNOWN);
    CHECK_MESSAGE(result->reason.find("this machine could not ask: after its payment: ") == 0, result->reason);
    CHECK(fee_of(result) == "0");
}

TEST_CASE("a signer that is down before anything was called is the payer's, and well again it pays") {
    Paid net;
    net.signer_identity = refused();
    CHECK(net.run()->outcome == STIPEND_JOB_UNKNOWN);
    CHECK(net.sent_calls.empty());
    net.signer_identity = identity();
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
    CHECK(net.plugin().health().ok());
}
