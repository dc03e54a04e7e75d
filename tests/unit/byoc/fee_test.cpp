// What a job may cost is on the host's books before it is sent, and what it can have cost afterwards.
#include "network.hpp"

using namespace byoc_test;
using stipend::Wei;

namespace {

const std::string up_to_6000 = R"("max_price_per_second":6000)";

// Asks 10 wei per second: at most 1200 wei for a job of 120 s.
FakeReply asking_10() {
    return token(R"({"pricePerUnit":10,"pixelsPerUnit":1})");
}
std::string fee_of(const Operation<JobResult>& result) {
    return Wei::from_abi(result->fee_wei).text();
}

}  // namespace

TEST_CASE("the most that a job may cost is reserved before it is sent, and a free job reserves nothing") {
    Network net(up_to_6000);
    net.free_token = asking_10();
    net.host.answer_fees([&](const auto& reservation) -> stipend::Result<void> {
        CHECK(net.sent_jobs.empty());
        CHECK(Wei::from_abi(reservation.wei).text() == "1200");
        return {};
    });
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
    CHECK(net.host.reservations().size() == 1);
    Network free(up_to_6000);
    CHECK(free.run()->outcome == STIPEND_JOB_OK);
    CHECK(free.host.reservations().empty());
}

TEST_CASE("a refused reservation holds the check: nothing is sent, and the host blames no other") {
    Network net(up_to_6000);
    net.free_token = asking_10();
    net.host.answer_fees([](const auto&) -> stipend::Result<void> {
        return stipend::fail(STIPEND_E_LIMIT, "limits.fees_per_day is reached");
    });
    const auto result = net.run();
    CHECK(result->outcome == STIPEND_JOB_UNKNOWN);
    CHECK(result->flags == 0);
    CHECK(result->reason == "limits.fees_per_day is reached");
    CHECK(fee_of(result) == "0");
    CHECK(net.sent_jobs.empty());
}

TEST_CASE("a second try reserves again, and both tries count as charged unless the gateway found no orchestrator") {
    Network net(up_to_6000);
    net.free_token = asking_10();
    const auto twice = net.run(empty_200().after(2'500'000'000), good().after(1'000'000));
    CHECK(net.host.reservations().size() == 2);
    CHECK(fee_of(twice) == "40");
    CHECK(fee_of(net.run(not_found(), good())) == "10");
    CHECK(fee_of(net.run(empty_200(), empty_200())) == "20");
}

TEST_CASE("a second try that may not be paid leaves what the first one cost") {
    Network net(up_to_6000);
    net.free_token = asking_10();
    net.host.answer_fees([&](const auto&) -> stipend::Result<void> {
        if (net.host.reservations().size() < 2) return {};
        return stipend::fail(STIPEND_E_LIMIT, "limits.fees_per_orchestrator_day is reached");
    });
    net.jobs = {empty_200()};
    const auto result = net.run();
    CHECK(result->outcome == STIPEND_JOB_UNKNOWN);
    CHECK(fee_of(result) == "10");
}
