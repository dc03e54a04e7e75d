// What the gateway has deposited, as evidence on the payer's own side.
#include "network.hpp"

using namespace byoc_test;

namespace {

// A cap of 10 wei per second and 120 s: a job may cost 1200 wei.
const std::string with_cli = R"("gateway_cli":"http://127.0.0.1:7935","max_price_per_second":10)";

FakeReply funds(const std::string& deposit, const std::string& reserve) {
    return FakeReply::answer(200, R"({"Deposit":)" + deposit + R"(,"WithdrawRound":0,"Reserve":{"FundsRemaining":)" +
                                      reserve + R"(,"ClaimedInCurrentRound":{}}})");
}

// A dispatcher with a configured credential, so that its CLI port is asked for the funds only.
struct Paying : Network {
    explicit Paying(FakeReply sender_info, const std::string& price = "5")
        : Network(with_cli + R"(,"gateway_credential":")" + credential_header() + "\"") {
        cli["/senderInfo"] = std::move(sender_info);
        free_token = token("{\"pricePerUnit\":" + price + ",\"pixelsPerUnit\":1}");
    }
};

}  // namespace

TEST_CASE("the funds are read as the CLI port states them") {
    const auto read = byoc::read_funds(R"({"Deposit":123456789012345678901,"Reserve":{"FundsRemaining":7}})");
    REQUIRE(read.ok());
    CHECK(read->deposit.text() == "123456789012345678901");
    CHECK(read->reserve.text() == "7");
    for (const std::string bad :
         {"", "[]", "{}", R"({"Deposit":1})", R"({"Deposit":-1,"Reserve":{"FundsRemaining":1}})",
          R"({"Deposit":1.5,"Reserve":{"FundsRemaining":1}})", R"({"Deposit":1,"Reserve":null})",
          R"({"Deposit":1,"Reserve":{}})"}) {
        CHECK_MESSAGE(!byoc::read_funds(bad).ok(), bad);
    }
}

TEST_CASE("a priced job that fails while the deposit or the reserve is too low is the payer's trouble") {
    for (const auto& low : {funds("1199", "5000"), funds("5000", "1199"), funds("0", "0")}) {
        Paying net(low);
        net.jobs = {empty_200(), empty_200()};
        const auto result = net.run_soon();
        CHECK(result->outcome == STIPEND_JOB_UNKNOWN);
        CHECK(result->flags == (STIPEND_RESULT_UNFUNDED | 0U));
        CHECK(result->reason.starts_with("the gateway's funds are too low: deposit "));
        CHECK(result->reason.find("want 1200 of each (max_price_per_second x timeout); the job: status 200 with an "
                                  "empty body") != std::string::npos);
        CHECK(net.host.alerts().contains("deposit"));
    }
    Paying enough(funds("1200", "1200"));
    enough.jobs = {empty_200(), empty_200()};
    CHECK(enough.run_soon()->outcome == STIPEND_JOB_FAILED);
    CHECK(enough.host.alerts().empty());
}

TEST_CASE("a refused price counts as the payer's only while its funds are too low by its own cap") {
    const auto no_price = FakeReply::answer(503, "Could not get price err=insufficient sender reserve\n");
    Paying poor(funds("0", "0"));
    poor.free_token = no_price;
    CHECK(poor.run_soon()->flags == STIPEND_RESULT_UNFUNDED);
    Paying rich(funds("1000000", "1000000"));
    rich.free_token = no_price;
    CHECK(rich.run_soon()->outcome == STIPEND_JOB_FAILED);
}

TEST_CASE("a price of 0 that a restart left behind is not free where the job was refused a price before") {
    Paying net(funds("5000", "0"));
    // It is restarted between the two attempts, and knows neither the capability nor its price.
    net.tokens = {FakeReply::answer(503, "Could not get price err=insufficient sender reserve\n")};
    net.free_token =
        FakeReply::answer(200, R"({"price":{"pixelsPerUnit":1},"service_addr":"https://10.0.0.7:9995","LastNonce":0})");
    net.jobs = {not_found(), not_found()};
    const auto result = net.run_soon();
    CHECK(net.sent_jobs.size() == 2);  // the last one after a wait for its worker
    CHECK(result->outcome == STIPEND_JOB_UNKNOWN);
    CHECK(result->flags == STIPEND_RESULT_UNFUNDED);
}

TEST_CASE("no payee can hide behind an empty deposit: free jobs, prices above the cap and its own answers count") {
    Paying free(funds("0", "0"), "0");
    free.jobs = {empty_200(), empty_200()};
    CHECK(free.run_soon()->outcome == STIPEND_JOB_FAILED);
    Paying dear(funds("0", "0"), "11");
    CHECK(dear.run_soon()->outcome == STIPEND_JOB_FAILED);
    Paying answered(funds("0", "0"));
    answered.jobs = {answer("{}"), answer("{}")};
    CHECK(answered.run_soon()->outcome == STIPEND_JOB_FAILED);
}

TEST_CASE("a CLI port without an answer is no evidence, and an alert") {
    Paying net(refused());
    net.jobs = {empty_200(), empty_200()};
    CHECK(net.run_soon()->outcome == STIPEND_JOB_FAILED);
    CHECK(net.host.alerts().contains("gateway-cli"));
    net.cli["/senderInfo"] = funds("5000", "5000");
    net.host.advance(61 * ns_per_s);
    CHECK(net.host.alerts().empty());
}

TEST_CASE("the alert of a low deposit ends when the deposit suffices") {
    Paying net(funds("1199", "5000"));
    net.host.advance(ns_per_s);
    REQUIRE(net.host.alerts().contains("deposit"));
    net.cli["/senderInfo"] = funds("1200", "5000");
    net.host.advance(60 * ns_per_s);
    CHECK(net.host.alerts().empty());
}

TEST_CASE("what was really spent is the fall of the deposit") {
    Paying net(funds("5000000000000", "9000000000"));
    net.host.advance(ns_per_s);
    CHECK(net.host.metric("gateway_deposit_gwei") == 5000);
    CHECK(net.host.metric("gateway_reserve_gwei") == 9);
    CHECK(net.host.metric("gateway_spent_gwei") == 0);
    net.cli["/senderInfo"] = funds("4200000000000", "9000000000");
    net.host.advance(60 * ns_per_s);
    net.cli["/senderInfo"] = funds("6000000000000", "9000000000");  // paid in again
    net.host.advance(60 * ns_per_s);
    CHECK(net.host.metric("gateway_deposit_gwei") == 6000);
    CHECK(net.host.metric("gateway_spent_gwei") == 800);
}
