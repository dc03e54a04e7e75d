// An orchestrator that quotes one price to this host and charges another.
#include "network.hpp"

using namespace byoc_test;

namespace {

const std::string cap = R"("max_price_per_second":100)";

FakeReply stating(const std::string& price, const std::string& balance) {
    return FakeReply::answer(200, R"({"balance":)" + balance + R"(,"price":{"pricePerUnit":)" + price +
                                      R"(,"pixelsPerUnit":1},"available_capacity":3,"LastNonce":0})");
}
FakeReply leaving(const std::string& balance) {
    return FakeReply::answer(200, R"({"service_uptime":100,"window_seconds":60})",
                             "x-orchestrator-url: " + orchestrator + "\r\nlivepeer-balance: " + balance + "\r\n");
}
std::string own(const std::string& more = cap) {
    return more + R"(,"gateway_credential":")" + credential_header() + "\"";
}

}  // namespace

TEST_CASE("a fall of the balance beyond the cap quarantines the orchestrator at once") {
    Network net(own());
    net.free_token = stating("50", "100000");
    net.jobs = {leaving("90000")};
    const auto result = net.run(leaving("90000"), leaving("90000"));
    CHECK(result->outcome == STIPEND_JOB_FAILED);
    CHECK(result->reason.find("its balance of the gateway's credit fell by 10000 wei in 1 s, want at most 200") !=
          std::string::npos);
    CHECK(net.sent_jobs.size() == 1);  // not even the second try is sent
    REQUIRE(net.host.alerts().size() == 1);
    CHECK(net.host.alerts().begin()->first == "quarantine:" + orchestrator);
    net.host.advance(3600 * ns_per_s);
    CHECK(net.run()->reason.starts_with("it is quarantined until "));
    auto respelled = Network::job();
    respelled.address = "https://10.0.0.7.:09995/";
    CHECK(net.run(respelled)->reason.starts_with("it is quarantined until "));
    CHECK(net.sent_jobs.size() == 1);
}

TEST_CASE("what was agreed, rounded up to begun seconds, is no excess, and a known price is not compared again") {
    Network net(own());
    net.free_token = stating("100", "100000");
    net.jobs = {leaving("99800").after(1'100'000'000)};
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
    net.jobs = {leaving("1")};  // 30 s later: no balance was asked for right before it
    net.host.advance(30 * ns_per_s);
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
    CHECK(net.host.alerts().empty());
}

TEST_CASE("a stated price of 0 beside tickets that were taken is an excess") {
    Network net(own(R"("max_price_per_second":0)"));
    net.free_token = stating("0", "0");
    net.jobs = {leaving("1")};  // rounding: a token rounds down
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
    net.host.advance(61 * ns_per_s);
    net.jobs = {leaving("7999995000")};
    const auto result = net.run();
    CHECK(result->outcome == STIPEND_JOB_FAILED);
    CHECK(net.host.alerts().begin()->second.find("it states a price of 0 and took the gateway's tickets") !=
          std::string::npos);
}

TEST_CASE("a balance at the end of the range is read, and the check does not fail open") {
    const std::string highest = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
    Network net(own(R"("max_price_per_second":0)"));
    net.free_token = stating("0", highest);
    net.jobs = {leaving(highest)};
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
    net.host.advance(61 * ns_per_s);
    net.jobs = {leaving("0")};
    CHECK(net.run()->outcome == STIPEND_JOB_FAILED);
}

TEST_CASE("a fall of the balance is stated over the seconds that were begun") {
    livepeer::Token before;
    before.said = livepeer::Token::Said::price;
    before.own_credential = true;
    before.balance = stipend::Wei(1000);
    const auto fell_in = [&](std::int64_t elapsed_ns) {
        return byoc::overcharge(before, stipend::Wei(0), elapsed_ns, 1).value_or("nothing");
    };
    CHECK(fell_in(1).starts_with("its balance of the gateway's credit fell by 1000 wei in 1 s, want at most 2 "));
    CHECK(
        fell_in(ns_per_s).starts_with("its balance of the gateway's credit fell by 1000 wei in 1 s, want at most 3 "));
    CHECK(fell_in(ns_per_s + 1).starts_with("its balance of the gateway's credit fell by 1000 wei in 2 s, "));
}

TEST_CASE("balances of another sender prove nothing") {
    Network net(cap);
    net.free_token = stating("50", "100000");
    CHECK(net.run(leaving("0"), leaving("0"))->outcome == STIPEND_JOB_OK);
}

TEST_CASE("a quarantine survives a restart, and ends by its time or by a cap that allows what was charged") {
    const auto caught = [] {
        Network net(own());
        net.free_token = stating("50", "100000");
        static_cast<void>(net.run(leaving("0"), leaving("0")));
        return net.host.values();
    };
    const auto values = caught();
    const auto outcome_with = [&](const std::string& more, std::int64_t later_ns = ns_per_s) {
        Network net(more);
        net.host.values() = values;
        net.host.advance(later_ns);
        net.free_token = stating("50", "100000");
        return net.run(leaving("100000"), leaving("100000"))->outcome;
    };
    CHECK(outcome_with(own()) == STIPEND_JOB_FAILED);
    REQUIRE(values.size() == 1);
    for (const std::string damaged : {"", "nothing", "[]"}) {  // no reason to refuse a job by
        Network net(own());
        net.host.values() = {{values.begin()->first, damaged}};
        net.free_token = stating("50", "100000");
        CHECK(net.run(leaving("100000"), leaving("100000"))->outcome == STIPEND_JOB_OK);
    }
    CHECK(outcome_with(own(), 23 * 3600 * ns_per_s) == STIPEND_JOB_FAILED);
    CHECK(outcome_with(own(), 25 * 3600 * ns_per_s) == STIPEND_JOB_OK);
    CHECK(outcome_with(own(R"("max_price_per_second":101)")) == STIPEND_JOB_OK);
    CHECK(outcome_with(own(cap + R"(,"quarantine":"1s")"), 2 * ns_per_s) == STIPEND_JOB_OK);
}
