#include "network.hpp"

using namespace byoc_test;
using stipend::Wei;

namespace {

const std::string paid = R"("max_price_per_second":6000)";

std::string price_text(const stipend_u256& raw) {
    return Wei::from_abi(raw).text();
}

FakeReply priced(const std::string& per_unit, const std::string& units = "1") {
    return token("{\"pricePerUnit\":" + per_unit + ",\"pixelsPerUnit\":" + units + "}");
}

}  // namespace

TEST_CASE("the price is asked on the token route, with a signed address and the capability") {
    Network net;
    net.run();
    REQUIRE(net.sent_tokens.size() == 1);
    const auto& request = net.sent_tokens[0];
    CHECK(request.method == "GET");
    CHECK(request.url == orchestrator + "/process/token");
    CHECK(request.header("Livepeer-Capability") == "agent-net");
    CHECK(request.header("Livepeer-Eth-Address").size() > 200);
    CHECK(request.tls_mode == STIPEND_TLS_NONE);
    CHECK(request.timeout_ms == 3000);
    CHECK(net.host.logged(STIPEND_LOG_INFO, "certificates are not verified"));
}

TEST_CASE("a pin in the configuration is demanded of the orchestrator that it is for") {
    const std::string pin(64, 'a');
    Network net(R"("orchestrator_pins":{"https://10.0.0.7:9995/":")" + pin + "\"}");
    net.run();
    CHECK(net.sent_tokens[0].tls_mode == STIPEND_TLS_PINNED);
    CHECK(net.sent_tokens[0].pin_sha256 == pin);
}

TEST_CASE("a price that was seen is good for as long as the operator says") {
    Network net(R"("price_check":"60s")");
    net.run();
    net.host.advance(59 * ns_per_s);
    net.run();
    CHECK(net.sent_tokens.size() == 1);
    net.host.advance(2 * ns_per_s);
    net.run();
    CHECK(net.sent_tokens.size() == 2);
}

TEST_CASE("a price beside no free slot, as before a worker registers, is asked for again by the next job") {
    Network net;
    net.free_token = FakeReply::answer(200, R"({"price":{"pixelsPerUnit":1},"LastNonce":0})");
    net.run();
    net.run();
    CHECK(net.sent_tokens.size() == 2);
    net.free_token = priced("6001");
    CHECK(net.run()->outcome == STIPEND_JOB_FAILED);
}

TEST_CASE("prices that are not looked at cost nothing, and cap nothing") {
    Network net(R"("price_check":"off","price_unseen":"allow")");
    net.free_token = priced("5000");
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
    CHECK(net.sent_tokens.empty());
}

TEST_CASE("a price up to the cap is paid, one above is a failed check, and a fall is seen at once") {
    Network net(paid);
    net.free_token = priced("6000");
    const auto result = net.run();
    CHECK(result->outcome == STIPEND_JOB_OK);
    CHECK(price_text(result->fee_wei) == "6000");
    net.host.advance(61 * ns_per_s);
    net.free_token = priced("6001");
    CHECK(net.run()->reason == "it asks 6001 wei per second, want at most 6000 (max_price_per_second) (twice)");
    net.tokens = {priced("6001"), priced("1")};
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
}

TEST_CASE("a price of a fraction is rounded up before it is held to the cap") {
    Network net(paid);
    net.free_token = priced("60001", "10");
    CHECK(net.run()->reason.starts_with("it asks 6001 wei per second"));
    net.free_token = priced("60000", "10");
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
}

TEST_CASE("the fee is the most that can have been charged: each second that was begun") {
    Network net(paid);
    net.free_token = priced("10");
    net.jobs = {good().after(2'000'000'001)};
    CHECK(price_text(net.run()->fee_wei) == "30");
}

TEST_CASE("a job's own bound on its fee is kept as well") {
    Network net(paid);
    net.free_token = priced("10");
    auto job = Network::job();
    job.max_fee_wei = Wei(std::uint64_t{1200}).to_abi();
    CHECK(net.run(job)->outcome == STIPEND_JOB_OK);
    job.max_fee_wei = Wei(std::uint64_t{1199}).to_abi();
    const auto held = net.run(job);
    CHECK(held->outcome == STIPEND_JOB_UNKNOWN);
    CHECK(held->flags == STIPEND_RESULT_OVER_FEE);
    CHECK(held->reason == "its job may cost 1200 wei, want at most 1199, which is what remains of the budget for fees");
}

TEST_CASE("where nothing is to be paid, an orchestrator that states no price has failed") {
    for (const auto& silent :
         {FakeReply::answer(503, "insufficient sender reserve\n"), FakeReply::answer(200, "{}"),
          FakeReply::answer(200, "not json"), token(R"({"pricePerUnit":"0"})"), token(R"({"pricePerUnit":-1})")}) {
        Network net;
        net.free_token = silent;
        const auto result = net.run();
        CHECK(result->outcome == STIPEND_JOB_FAILED);
        CHECK(result->reason.starts_with("it does not state its price (price_unseen: refuse): status "));
        CHECK(net.sent_jobs.empty());
    }
}

TEST_CASE("an old orchestrator states its price beside a status of 503") {
    Network net;
    net.free_token = token();
    net.free_token.http_status = 503;
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
}

TEST_CASE("a price that is refused without a reserve is no price, and the reason says whose reserve") {
    Network net(paid);
    net.free_token = FakeReply::answer(503, "Could not get price err=insufficient sender reserve\n");
    const auto result = net.run();
    CHECK(result->outcome == STIPEND_JOB_FAILED);
    CHECK(result->reason.ends_with("; it asks a price and your gateway has no reserve there (twice)"));
    CHECK(net.sent_jobs.empty());
}

TEST_CASE("an orchestrator that the gateway never knew and that states no price is held, and gets no job") {
    for (const auto& silent : {FakeReply::answer(404, "not found"), refused()}) {
        Network net;
        net.free_token = silent;
        const auto result = net.run(Network::job(0));
        CHECK(result->outcome == STIPEND_JOB_UNKNOWN);
        CHECK(result->flags == STIPEND_RESULT_UNLISTED);
        CHECK(result->reason.starts_with("the gateway was never asked for this orchestrator: its price "
                                         "cannot be seen") !=
              result->reason.starts_with("the gateway was never asked for this orchestrator: it does not "
                                         "state its price"));
        CHECK(net.sent_jobs.empty());
    }
}

TEST_CASE("an orchestrator that only the gateway can reach gets its job where the operator allows that") {
    Network net(R"("price_unseen":"allow")");
    net.free_token = refused();
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
    net.free_token = FakeReply::hang();
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
    net.free_token = FakeReply::answer(503, "insufficient sender reserve\n");
    CHECK(net.run()->outcome == STIPEND_JOB_OK);

    Network strict;
    strict.free_token = refused();
    const auto result = strict.run();
    CHECK(result->outcome == STIPEND_JOB_FAILED);
    CHECK(result->reason == "its price cannot be seen (price_unseen: refuse): connection refused (twice)");
    CHECK(strict.sent_jobs.empty());
}

TEST_CASE("a price that cannot be asked for by a fault of this machine is the payer's trouble") {
    Network net;
    net.free_token = refused().because(STIPEND_HTTP_CAUSE_LOCAL);
    const auto result = net.run();
    CHECK(result->outcome == STIPEND_JOB_UNKNOWN);
    CHECK(result->flags == 0);
    CHECK(result->reason.starts_with("this machine could not ask: "));
}

TEST_CASE("an orchestrator that only the gateway can reach, and that is paid ahead, charges: a failed check") {
    const auto credited =
        FakeReply::answer(200, R"({"service_uptime":100})",
                          "x-orchestrator-url: " + orchestrator + "\r\nlivepeer-balance: 7999995000\r\n");
    const std::string unseen = R"("price_unseen":"allow")";
    Network net(unseen);
    net.free_token = refused();
    const auto result = net.run(credited, credited);
    CHECK(result->outcome == STIPEND_JOB_FAILED);
    CHECK(result->flags == STIPEND_RESULT_ANSWERED);
    CHECK(result->reason.starts_with("it charges: it holds 7999995000 wei of the gateway's credit (Livepeer-Balance)"));

    Network seen;
    CHECK(seen.run(credited, credited)->outcome == STIPEND_JOB_OK);  // credit of old, at a price that is 0 now
    Network paying(paid + "," + unseen);
    paying.free_token = refused();
    CHECK(paying.run(credited, credited)->outcome == STIPEND_JOB_OK);
    Network careless(R"("price_check":"off","price_unseen":"allow")");
    CHECK(careless.run(credited, credited)->outcome == STIPEND_JOB_OK);
}

TEST_CASE("what the orchestrator said to the first try does not answer for a gateway that fails the second one") {
    Network net;
    net.tokens = {FakeReply::answer(503, "{}\n")};  // no slot: the worker registers only now
    net.jobs = {FakeReply::answer(400, "Unable to parse job request, err=ErrorSegEncoding\n")};
    net.sentinel = FakeReply::answer(400, "Unable to parse job request, err=ErrorSegEncoding\n");
    const auto result = net.run();
    CHECK(net.sent_jobs.size() == 1);
    CHECK(result->outcome == STIPEND_JOB_UNKNOWN);
    CHECK(result->reason.starts_with("the gateway refuses our jobs: "));
}

TEST_CASE("where prices must be seen and the gateway is down too, the look itself is the payer's trouble") {
    Network net;
    net.free_token = refused();
    net.sentinel = refused();
    CHECK(net.run()->outcome == STIPEND_JOB_UNKNOWN);
}

TEST_CASE("an offer has price, capacity and announced address") {
    Network net;
    net.free_token = priced("5000");
    auto offer = net.plugin().inspect(orchestrator + "/", "agent-net");
    net.host.run();
    net.host.advance(ns_per_s);
    REQUIRE(offer.done());
    CHECK(offer->reachable);
    CHECK(offer->capacity == 3);
    CHECK(price_text(offer->price_wei_per_s) == "5000");
    CHECK(offer->announced_address == "https://10.0.0.7:9995");
    CHECK(offer->latency_ns == 1'000'000);

    net.free_token = refused();
    auto none = net.plugin().inspect(orchestrator, "agent-net");
    net.host.settle();
    CHECK_FALSE(none->reachable);
    CHECK(net.plugin().inspect("nowhere", "agent-net").status() == STIPEND_E_INVALID);
}

TEST_CASE("a price behind a byte order mark is read") {
    Network net;
    net.free_token = FakeReply::answer(200, "\xEF\xBB\xBF" + token().body);
    CHECK(net.run()->outcome == STIPEND_JOB_OK);
    CHECK(net.sent_jobs.size() == 1);
}
