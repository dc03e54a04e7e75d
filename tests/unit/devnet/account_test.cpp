// The gateway's account: its signatures, what it learns of prices, and what it can pay.
#include "tests/devnet/account.hpp"

#include <doctest/doctest.h>

#include "fixture.hpp"
#include "stipend/hex.hpp"
#include "tests/devnet/cli.hpp"

using namespace stipend;
using namespace stipend::devnet;

namespace {

// Of the private key 1; computed by another implementation.
constexpr std::string_view known_address = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
constexpr std::string_view known_signature =
    "0x2e05f5b96d0c24dde6256c43b4dd51d50979d8a650510a52b1317a95e9eda00d3d716748cd06e78360e29fdfe091e0c6c5a3d7ae1fb408d0"
    "b746ebdd9fa6382a1c";

constexpr std::string_view priced =
    R"({"name":"agent-net","url":"http://127.0.0.1:5000","capacity":4,"price_per_unit":5000})";

Request form(std::string body) {
    return {.method = "POST",
            .path = "/signMessage",
            .content_type = "application/x-www-form-urlencoded",
            .body = std::move(body)};
}

std::string percent_encoded(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) out += "%" + hex_encode(std::string_view(&c, 1));
    return out;
}

}  // namespace

TEST_CASE("a signature is recovered to its address, in the one spelling that was signed") {
    CHECK(recover_signer(known_address, known_signature) == plain_address(known_address));
    CHECK(recover_signer(known_address, known_signature.substr(2)) == plain_address(known_address));
    CHECK(recover_signer(plain_address(known_address), known_signature) != plain_address(known_address));
    for (const auto* text : {"", "0x", "0x1234", "zz"}) CHECK_FALSE(recover_signer("x", text));
    const auto key = EthKey::from_seed("a");
    CHECK(recover_signer("text", key.sign_text("text")) == plain_address(key.address()));
    CHECK(EthKey::from_seed("a").address() == key.address());
    CHECK(EthKey::from_seed("b").address() != key.address());
}

TEST_CASE("a signature with a high s is none") {
    // n - s instead of s, and the other parity, is the same signature to the curve.
    constexpr std::string_view mirrored =
        "0x2e05f5b96d0c24dde6256c43b4dd51d50979d8a650510a52b1317a95e9eda00dc28e98b732f9187c9f1d60201f6e1f37f50b05388f94"
        "976b088b72af309009171b";
    CHECK_FALSE(recover_signer(known_address, mirrored));
}

TEST_CASE("a price is stated to the account of the gateway and to no other") {
    for (const auto era : {Era::head, Era::v0_8_7}) {
        TestNet net({.era = era});
        CHECK(net.ask(0, post("/capability/register", std::string(priced))).body == "ok");
        const auto refused = net.ask(0, token_request());
        CHECK(refused.status == 503);
        CHECK(refused.body == "Could not get price err=insufficient sender reserve\n");
        const auto token = net.ask(0, token_request("agent-net", net.network.gateway_key().credential()));
        CHECK(token.status == 200);
        CHECK(parse_json(token.body)->find("price")->dump() == R"({"pricePerUnit":5050,"pixelsPerUnit":1})");
        // A free capability has a token for any sender.
        CHECK(net.ask(1, token_request()).status == 200);
        net.gateway(R"({"kind":"funds","reserve":0})");
        CHECK(net.ask(0, token_request("agent-net", net.network.gateway_key().credential())).status == 503);
        CHECK(net.send(pinned_job(0))->body == "No orchestrators found for capability agent-net\n");
    }
}

TEST_CASE("a registered price is asked with 1 % on top, and charged as it is asked") {
    struct Case {
        Settings settings;
        const char* text;
        const char* asked;
    };
    for (const auto& [settings, text, asked] : {
             Case{{}, R"("price_per_unit":9999)", R"({"pricePerUnit":10098,"pixelsPerUnit":1})"},
             Case{{.era = Era::v0_8_7}, R"("price_per_unit":9999)", R"({"pricePerUnit":1009899,"pixelsPerUnit":100})"},
             Case{{}, R"("price_per_unit":7,"price_scaling":10)", R"({"pixelsPerUnit":1})"},
             Case{{.auto_adjust_price = false},
                  R"("price_per_unit":9999)",
                  R"({"pricePerUnit":9999,"pixelsPerUnit":1})"},
         }) {
        const std::string_view shown = text;
        CAPTURE(shown);
        TestNet net(settings);
        (void)net.ask(0, post("/capability/register", cat(R"({"name":"c","capacity":1,)", text, "}")));
        const auto token = net.ask(0, token_request("c", net.network.gateway_key().credential()));
        CHECK(parse_json(token.body)->find("price")->dump() == asked);
    }
    TestNet net({.every_sender_has_reserve = true});
    net.fault(0, R"({"kind":"price","wei":5000})");
    CHECK(parse_json(net.ask(0, token_request()).body)->find("price")->find("pricePerUnit")->text() == "5000");
}

TEST_CASE("balances belong to the account that paid") {
    TestNet net({.every_sender_has_reserve = true});
    net.fault(0, R"({"kind":"price","wei":5000})");
    CHECK(net.send(pinned_job(0, 60))->header("Livepeer-Balance") == "7999995000");
    const auto balance = [&](const EthKey& key) {
        const auto token = parse_json(net.ask(0, token_request("agent-net", key.credential())).body);
        const auto* found = token->find("balance");
        return found == nullptr ? "absent" : found->text();
    };
    CHECK(balance(net.network.gateway_key()) == "7999995000");
    CHECK(balance(poor_key()) == "absent");
}

TEST_CASE("a price outlives its capability; only a crash forgets it") {
    TestNet net;
    (void)net.ask(0, post("/capability/register", std::string(priced)));
    (void)net.ask(0, post("/capability/unregister", "agent-net"));
    CHECK(net.ask(0, token_request()).status == 503);
    net.fault(0, R"({"kind":"crash","for":"1s"})");
    net.world.advance(ns_per_s);
    CHECK(net.ask(0, token_request()).status == 200);
    // The old era looks at the capacity first.
    TestNet old({.era = Era::v0_8_7});
    (void)old.ask(0, post("/capability/register", std::string(priced)));
    (void)old.ask(0, post("/capability/unregister", "agent-net"));
    CHECK(old.ask(0, token_request()).body == "{}\n");
}

TEST_CASE("token_refused refuses every sender in the words for a poor one") {
    for (const auto* capability : {"agent-net", "nosuch"}) {
        TestNet net;
        const auto own = [&] { return net.ask(0, token_request(capability, net.network.gateway_key().credential())); };
        net.fault(0, R"("token_refused")");
        CHECK(own().status == 503);
        CHECK(own().body == "Could not get price err=insufficient sender reserve\n");
        net.fault(0, R"({"kind":"token_refused","status":400})");
        CHECK(own().status == 400);
        CHECK(own().body == "Could not get ticket params err=insufficient sender reserve\n");
        CHECK(net.send(pinned_job(0))->body == "No orchestrators found for capability agent-net\n");
        net.fault(0, R"("none")");
        CHECK(own().status == 200);
    }
    CHECK_FALSE(parse_fault(*parse_json(R"({"kind":"token_refused","status":404})")).ok());
}

TEST_CASE("a poor sender's own job to a priced orchestrator is refused, and costs a slot") {
    TestNet net({.capacity = 4});
    net.fault(0, R"({"kind":"price","wei":10})");
    CHECK(net.ask(0, pinned_job(0)).body == "Could not get job price\n");
    CHECK(net.free_slots(0) == 3);
    TestNet old({.era = Era::v0_8_7, .capacity = 4});
    old.fault(0, R"({"kind":"price","wei":10})");
    CHECK(old.ask(0, pinned_job(0)).body == "Could not get price err=insufficient sender reserve\n");
}

TEST_CASE("an empty deposit fails the jobs that must be paid, and no others") {
    TestNet net;
    net.fault(0, R"({"kind":"price","wei":10})");
    net.gateway(R"("deposit_empty")");
    const auto& reply = *net.send(pinned_job(0));
    CHECK(reply.status == 200);
    CHECK(reply.body.empty());
    CHECK(reply.headers.empty());
    CHECK(net.send(pinned_job(1))->header("X-Orchestrator-Url") == "https://127.0.1.2:9995");
    net.gateway(R"("none")");
    CHECK(!net.send(pinned_job(0, 60))->body.empty());
    // What is on account at the orchestrator is still spent.
    net.gateway(R"({"kind":"funds","deposit":"0"})");
    CHECK(!net.send(pinned_job(0, 60))->body.empty());

    TestNet old({.era = Era::v0_8_7});
    old.fault(0, R"({"kind":"price","wei":10})");
    old.gateway(R"({"kind":"funds","deposit":0})");
    CHECK(old.send(pinned_job(0))->status == 400);
    CHECK(old.send(pinned_job(0))->body == "Unable to create payment err=no sender deposit\n");
    old.gateway(R"({"kind":"funds","deposit":1})");
    CHECK(old.send(pinned_job(0))->status == 200);
}

TEST_CASE("the command line listener answers as a node's") {
    TestNet net;
    const auto& key = net.network.gateway_key();
    const auto cli = [&](Request request) { return net.network.cli_request(request); };
    CHECK(cli({.method = "GET", .path = "/ethAddr"}).body == key.address());
    CHECK(cli({.method = "GET", .path = "/healthz"}).body.empty());
    CHECK(cli({.method = "GET", .path = "/nosuch"}).status == 404);
    // The credential, made by the caller: the raw hash of the address's text is signed.
    const auto hash = keccak256(key.address());
    const auto signature = cli(form("message=" + percent_encoded(hash))).body;
    CHECK(signature.size() == 65);
    CHECK(recover_signer(key.address(), hex_encode(std::string_view(signature))) == plain_address(key.address()));
    CHECK(cli(form("other=1")).status == 400);
    CHECK(cli(form("other=1")).body == "missing form param: message\n");
    CHECK(cli(form("message=%zz")).status == 500);
    CHECK(cli(form("a=1&message=a+b")).body == key.personal_sign("a b"));

    net.gateway(R"({"kind":"funds","deposit":"12345678901234567890123","reserve":7})");
    const auto info = [&] { return cli({.method = "GET", .path = "/senderInfo"}); };
    CHECK(info().header("Content-Type") == "application/json");
    CHECK(info().body == R"({"Deposit":12345678901234567890123,"WithdrawRound":0,"Reserve":)"
                         R"({"FundsRemaining":7,"ClaimedInCurrentRound":0}})");
    net.gateway(R"("deposit_empty")");
    CHECK(parse_json(info().body)->find("Deposit")->text() == "0");
    for (const auto* wrong : {R"({"kind":"funds","deposit":-1})", R"({"kind":"funds","deposit":"1e3"})",
                              R"({"kind":"down","deposit":1})"}) {
        CHECK_FALSE(parse_gateway_fault(*parse_json(wrong)).ok());
    }
}

TEST_CASE("gateway and orchestrators answer a health check with an empty 200") {
    TestNet net;
    const Request ask{.method = "GET", .path = "/healthz"};
    for (const auto& reply : {*net.send(ask), net.ask(0, ask)}) {
        CHECK(reply.status == 200);
        CHECK(reply.body.empty());
        CHECK(reply.headers.empty());
    }
    net.fault(0, R"("down")");
    CHECK(net.ask(0, ask).shape == Reply::Shape::closed);
}

TEST_CASE("a crash ends the jobs under way, and leaves an orchestrator without anything registered") {
    TestNet net({}, {.count = 2});
    net.fault(0, R"({"kind":"slow","delay":"10s"})");
    CHECK(!net.send(pinned_job(0)));
    net.fault(0, R"({"kind":"crash","for":"1200ms"})");
    REQUIRE(net.reply.has_value());
    CHECK(net.reply->status == 200);
    CHECK(net.reply->body.empty());
    CHECK(net.world.restarted == std::vector<std::pair<std::uint32_t, std::int64_t>>{{0, 1200 * ns_per_ms}});
    CHECK(net.ask(0, token_request()).shape == Reply::Shape::closed);
    net.world.advance(1200 * ns_per_ms);
    CHECK(parse_json(net.ask(0, token_request()).body)->find("available_capacity") == nullptr);
    net.world.advance(10 * ns_per_s);  // the worker's answer comes to a node that knows nothing of it
    (void)net.ask(0, post("/capability/register", std::string(priced)));
    CHECK(net.free_slots(0) == 4);
}

TEST_CASE("the state has the last registrations, and the log of jobs the price of each") {
    TestNet net;
    const auto registered_at = [&] {
        const auto state = parse_json(net.network.state(0, 1));
        return state->find("orchestrators")->items().front().find("registered_at")->dump();
    };
    CHECK(registered_at() == "[]");
    (void)net.ask(0, post("/capability/register", std::string(priced)));
    (void)net.ask(0, post("/capability/register", std::string(priced), "wrong"));
    net.world.advance(1500 * ns_per_ms);
    (void)net.ask(0, post("/capability/register", std::string(priced)));
    CHECK(registered_at() == R"(["2025-08-18T15:26:03.000Z","2025-08-18T15:26:04.500Z"])");
    for (int more = 0; more < 20; ++more) (void)net.ask(0, post("/capability/register", std::string(priced)));
    const auto state = parse_json(net.network.state(0, 1));
    const auto& first = state->find("orchestrators")->items().front();
    CHECK(first.find("registrations")->text() == "22");
    CHECK(first.find("registered_at")->items().size() == 16);

    (void)net.send(pinned_job(0));
    net.fault(0, R"({"kind":"price","wei":7})");
    (void)net.send(pinned_job(0));
    const auto jobs = parse_json(net.network.jobs(2));
    const auto& records = jobs->find("jobs")->items();
    REQUIRE(records.size() == 2);
    CHECK(records[0].find("price")->text() == "5050");
    CHECK(records[1].find("price")->text() == "7");
}

TEST_CASE("a new certificate is the listener's alone") {
    TestNet net;
    net.fault(2, R"("new_certificate")");
    CHECK(net.world.renewed == std::vector<std::uint32_t>{2});
    CHECK(net.send(pinned_job(2))->status == 200);
}
