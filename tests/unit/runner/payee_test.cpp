// Each way in which a payee could try to make its failure look like the payer's trouble, or be paid for nothing.
#include "livepeer/evidence.hpp"
#include "network.hpp"
#include "stipend/hex.hpp"

using namespace runner_test;

namespace {

void check_failed(const FakeReply& doing, std::string_view reason) {
    CAPTURE(reason);
    // On both tries, and on the second only.
    for (const auto& first : {doing, reset()}) {
        Network net;
        net.calls = {first, doing};
        const auto result = net.run();
        CHECK(result->outcome == STIPEND_JOB_FAILED);
        CHECK_MESSAGE(result->reason.find(reason) == 0, result->reason);
    }
}

std::string signed_answer(const FakeJob& job, const std::string& nonce, const std::string& seed) {
    const livepeer::Evidence evidence{.orchestrator_id = job.orchestrator_id,
                                      .nonce = stipend::hex_encode(nonce),
                                      .period_from = std::to_string(job.period_from),
                                      .period_to = std::to_string(job.period_to),
                                      .uptime_ppm = 995'000,
                                      .window_s = 60,
                                      .coverage_ppm = 1'000'000,
                                      .services_sha256 = livepeer::services_hash({})};
    const auto member = livepeer::signed_evidence(evidence, *livepeer::SigningKey::from_seed(seed));
    return cat(R"({"overall_uptime_percentage":99.5,"window_seconds":60,"evidence":)", member->dump(), "}");
}

const std::string seed(64, '7');

FakeJob signed_job() {
    auto job = Network::job();
    job.nonce = "nonce-1";
    job.public_key = livepeer::SigningKey::from_seed(seed)->public_hex();
    return job;
}

}  // namespace

TEST_CASE("a connection that it resets, refuses, or lets hang is its failure") {
    check_failed(reset(), "no answer: connection reset by peer");
    check_failed(refused(), "no answer: connection refused");
    check_failed(FakeReply::hang(), "no answer: no end within 30000 ms");
    check_failed(unresolved(), "no answer: no such name");
}

TEST_CASE("an answer that breaks off, is too large or has a head without end is its failure") {
    auto cut = FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_HEAD, "transfer closed with 12 bytes left");
    cut.http_status = 200;
    check_failed(cut, "the answer broke off: transfer closed with 12 bytes left");
    check_failed(FakeReply::answer(200, std::string(3 << 20, 'x')), "the answer broke off: response body too large");
    check_failed(FakeReply::failed(STIPEND_E_LIMIT, STIPEND_HTTP_SENT, "response head too large"),
                 "no answer: response head too large");
}

TEST_CASE("every status but 200 is its failure, the worker's as well as the orchestrator's") {
    check_failed(full(), "status 503: \"no capacity available for runner\"");
    check_failed(no_runner(), "status 404: \"runner not found\"");
    check_failed(FakeReply::answer(502, "dial tcp 10.0.0.9:80: connect: connection refused\n"), "status 502: ");
    check_failed(FakeReply::answer(401, "unauthorized"), "status 401: ");
    check_failed(FakeReply::answer(429, "", "retry-after: 60\r\n"), "status 429: ");
    check_failed(error(500, "insufficient sender reserve"), "status 500: \"insufficient sender reserve\"");
    check_failed(FakeReply::answer(302, "", "location: https://elsewhere.example/\r\n"), "status 302: ");
    check_failed(FakeReply::answer(204, ""), "status 204: ");
}

TEST_CASE("a body that is none, is empty or reports no uptime is its failure") {
    check_failed(FakeReply::answer(200, ""), "status 200 with an empty body");
    check_failed(FakeReply::answer(200, "data: {\"service_uptime\":100}\n\n"), "not JSON at byte 0");
    check_failed(good("150"), "");
    check_failed(FakeReply::answer(200, "{}"), "");
}

TEST_CASE("control bytes of its text are shown harmlessly") {
    Network net;
    net.calls = {FakeReply::answer(500, "a\x1b[2J\xff"), FakeReply::answer(500, "a\x1b[2J\xff")};
    CHECK(net.run()->reason == "status 500: \"a?[2J?\" (twice)");
}

TEST_CASE("a price above the cap, of another unit or in another currency is its failure, and nothing is called") {
    const std::vector<std::pair<std::string, std::string>> prices{
        {fixed("6001"), "it asks 6001 wei for a call, want at most 6000 (max_price) (twice)"},
        {R"(1,"currency":"wei","unit":"seconds")",
         "it asks 1 wei for a second, want at most 0 (max_price_per_second) (twice)"},
        {R"(1,"currency":"wei","unit":"720p-pixel-seconds")",
         "its price is per 720p-pixel-seconds, want one for a call (fixed) or by the second (hour) (twice)"},
        {cat(std::string(40, '1'), R"(,"currency":"wei","unit":"seconds")"), "discovery: runners[0]: price_info: got "},
        {R"(1,"currency":"usd","unit":"fixed")", "discovery: runners[0]: price_info: got "},
        {R"(0.5,"currency":"wei","unit":"fixed")", "discovery: runners[0]: price_info: got "},
        {R"(-1,"currency":"wei","unit":"fixed")", "discovery: runners[0]: price_info: got "}};
    for (const auto& [price, reason] : prices) {
        Network net(priced);
        net.offer = discovery(offer_of("agent-net", price));
        net.signer_identity = refused();
        const auto result = net.run();
        CHECK(result->outcome == STIPEND_JOB_FAILED);
        CHECK_MESSAGE(result->reason.find(reason) == 0, result->reason);
        CHECK(net.sent_calls.empty());
        CHECK(net.sent_payments.empty());
    }
}

TEST_CASE("a demand of what discovery called free is its failure, and is not paid") {
    for (const std::string config : {"", priced.c_str()}) {
        Network net(config);
        net.answer = demand();
        const auto result = net.run();
        CHECK(result->outcome == STIPEND_JOB_FAILED);
        CHECK_MESSAGE(result->reason.find("it states no price and demands a payment: ") == 0, result->reason);
        CHECK(net.sent_payments.empty());
    }
}

TEST_CASE("a demand that is none, or that no signer can read, is its failure") {
    for (const std::string body :
         {R"({"payment_params":"","manifest_id":"m"})", R"({"payment_params":"a\r\nb","manifest_id":"m"})",
          R"({"payment_params":"YQ=="})", R"([])", "pay me", R"({"error":{"message":"no"}})"}) {
        Network net(priced);
        net.offer = discovery(offer_of("agent-net", fixed("5000")));
        net.answer = FakeReply::answer(402, body);
        const auto result = net.run();
        CHECK(result->outcome == STIPEND_JOB_FAILED);
        CHECK_MESSAGE(result->reason.find("status 402: ") == 0, result->reason);
        CHECK(net.sent_payments.empty());
    }
}

TEST_CASE("evidence of another job, another key or none is its failure where it is demanded") {
    const auto job = signed_job();
    const std::vector<std::pair<std::string, std::string>> answers{
        {signed_answer(job, "nonce-0", seed), "evidence.nonce: got "},
        {signed_answer(job, "nonce-1", std::string(64, '8')), "evidence.public_key: got "},
        {R"({"overall_uptime_percentage":99.5,"window_seconds":60})", "signed evidence is demanded: "}};
    for (const auto& [body, reason] : answers) {
        Network net(R"("evidence":"signed")");
        net.answer = FakeReply::answer(200, body);
        const auto result = net.run(job);
        CHECK(result->outcome == STIPEND_JOB_FAILED);
        CHECK_MESSAGE(result->reason.find(reason) == 0, result->reason);
    }
    Network net(R"("evidence":"signed")");
    net.answer = FakeReply::answer(200, signed_answer(job, "nonce-1", seed));
    const auto result = net.run(job);
    CHECK_MESSAGE(result->outcome == STIPEND_JOB_OK, result->reason);
    CHECK((result->flags & STIPEND_RESULT_SIGNED) != 0);
}

TEST_CASE("an address that leads nowhere from this host is its own, as long as others are reached") {
    for (const auto& nowhere : {unresolved(), refused()}) {
        Network net;
        net.meet_other();
        net.offer = nowhere;
        CHECK(net.run()->outcome == STIPEND_JOB_FAILED);
    }
}

TEST_CASE("a registered address is asked as one of another party") {
    Network net;
    auto job = Network::job();
    job.flags |= STIPEND_JOB_REGISTERED;
    net.run(job);
    CHECK((net.sent_offers[0].flags & STIPEND_HTTP_PUBLIC_TARGET) != 0);
    CHECK((net.sent_calls[0].flags & STIPEND_HTTP_PUBLIC_TARGET) != 0);
}
