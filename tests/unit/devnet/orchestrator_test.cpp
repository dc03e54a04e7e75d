#include <doctest/doctest.h>

#include "fixture.hpp"

using namespace stipend;
using namespace stipend::devnet;

namespace {

constexpr std::string_view real_worker =
    R"({"name":"text","url":"http://127.0.0.1:5000","capacity":2,"price_per_unit":0,"token":"wtok"})";

Request job_for_text(std::int64_t timeout_s = 60) {
    return {.method = "POST",
            .path = "/process/request/reverse",
            .livepeer = job_header("{}", "text", timeout_s),
            .content_type = "text/x-own",
            .body = "abc"};
}

std::string available(TestNet& net, std::string_view capability) {
    const auto token = parse_json(net.ask(0, token_request(std::string(capability))).body);
    const auto* found = token->find("available_capacity");
    return found == nullptr ? "absent" : found->text();
}

}  // namespace

TEST_CASE("registering answers ok without a newline, as JSON") {
    TestNet net;
    const auto reply = net.ask(0, post("/capability/register", std::string(real_worker)));
    CHECK(reply.status == 200);
    CHECK(reply.body == "ok");
    CHECK(reply.header("Content-Type") == "application/json");
    CHECK(available(net, "text") == "2");
    CHECK(net.ask(0, post("/capability/register", "{}")).body == "ok");
}

TEST_CASE("what registration refuses, and how") {
    TestNet net;
    for (const auto* secret : {"", "wrong", "Bearer orch-secret"}) {
        const auto reply = net.ask(0, post("/capability/register", std::string(real_worker), secret));
        CHECK(reply.status == 400);
        CHECK(reply.body == "invalid authorization\n");
    }
    const auto broken = net.ask(0, post("/capability/register", ""));
    CHECK(broken.status == 400);
    CHECK(broken.body == "Error registering capability: unexpected end of JSON input");
    CHECK(broken.header("Content-Type") == "application/json");
    CHECK(
        net.ask(0, post("/capability/register", R"({"capacity":"2"})")).body ==
        "Error registering capability: json: cannot unmarshal string into Go struct field ExternalCapability.capacity "
        "of type int");
    auto get = post("/capability/register", "");
    get.method = "GET";
    CHECK(net.ask(0, get).status == 405);
    CHECK(net.ask(0, get).body == "Method not allowed\n");
}

TEST_CASE("an unknown currency drops the connection") {
    TestNet net;
    TestNet without_feed({.usd_per_eth = 0});
    const auto registered = [](TestNet& at, std::string_view currency) {
        return at.ask(0, post("/capability/register", cat(R"({"name":"text","currency":")", currency, R"("})")));
    };
    CHECK(registered(net, "doge").shape == Reply::Shape::closed);
    CHECK(registered(without_feed, "USD").shape == Reply::Shape::closed);
    for (const auto* currency : {"", "wei", "WEI", "eth", "USD"}) CHECK(registered(net, currency).status == 200);
}

TEST_CASE("unregistering always answers ok") {
    TestNet net;
    CHECK(net.ask(0, post("/capability/unregister", "nosuch")).body == "ok");
    CHECK(net.ask(0, post("/capability/unregister", "agent-net")).body == "ok");
    CHECK(available(net, "agent-net") == "absent");
    CHECK(net.ask(0, post("/capability/unregister", "x", "no")).body == "invalid authorization\n");
}

TEST_CASE("a token for an unknown capability is still a 200, without capacity") {
    TestNet net;
    const auto reply = net.ask(0, token_request("nosuch"));
    CHECK(reply.status == 200);
    const auto token = parse_json(reply.body);
    REQUIRE(token.ok());
    CHECK(token->find("sender_address")->find("addr")->text() == poor_key().address());
    CHECK(token->find("price")->dump() == R"({"pixelsPerUnit":1})");
    CHECK(token->find("service_addr")->text() == "https://127.0.1.1:9995");
    CHECK(token->find("LastNonce")->text() == "0");
    CHECK(token->find("available_capacity") == nullptr);
    TestNet old({.era = Era::v0_8_7});
    CHECK(old.ask(0, token_request("nosuch")).status == 503);
    CHECK(old.ask(0, token_request("nosuch")).body == "{}\n");
}

TEST_CASE("every refusal of a token has its text") {
    struct Case {
        Request request;
        int status = 0;
        const char* body = "";
    };
    TestNet net;
    auto wrong_method = token_request();
    wrong_method.method = "POST";
    const auto invalid = "Invalid eth address header \n";
    for (const auto& [request, status, body] : {
             Case{wrong_method, 405, "Method not allowed\n"},
             Case{token_request("agent-net", ""), 400,
                  "Must have eth address and signature on address in Livepeer-Eth-Address header\n"},
             Case{token_request("agent-net", "!"), 400, invalid},
             Case{token_request("agent-net", encode_base64("{")), 400, invalid},
             Case{token_request("agent-net", encode_base64(R"({"addr":"0x1","sig":"0x"})")), 400, invalid},
             Case{token_request("agent-net", encode_base64(R"({"addr":"0x1","sig":"aa"})")), 400, invalid},
             Case{token_request("agent-net", encode_base64(cat(R"({"addr":")", poor_key().address(), R"(","sig":")",
                                                               poor_key().sign_text("{}{}"), "\"}"))),
                  400, invalid},
             Case{token_request(""), 400,
                  "Job capabilities not provided, must provide comma separated capabilities in Livepeer-Capability "
                  "header\n"},
         }) {
        const std::string_view shown = body;  // a lambda cannot hold a structured binding
        CAPTURE(shown);
        const auto reply = net.ask(0, request);
        CHECK(reply.status == status);
        CHECK(reply.body == body);
    }
}

TEST_CASE("every refusal of a job has its text, and the two eras differ") {
    TestNet net;
    TestNet old({.era = Era::v0_8_7});
    auto request = job_for_text();
    CHECK(net.ask(0, request).status == 503);
    CHECK(net.ask(0, request).body == "No capacity available for capability\n");
    CHECK(old.ask(0, request).body == "zero capacity\n");
    request.livepeer = "!";
    CHECK(net.ask(0, request).status == 400);
    CHECK(net.ask(0, request).body == "Could not verify job creds\n");
    CHECK(old.ask(0, request).status == 403);
    CHECK(old.ask(0, request).body == "ErrorSegEncoding\n");
    request.livepeer = encode_base64(R"({"sig":"zz","timeout_seconds":1})");
    CHECK(net.ask(0, request).body == "Could not verify job creds\n");
    CHECK(old.ask(0, request).body == "ErrSegSig\n");
    request.livepeer = encode_base64(cat(R"({"request":"{}","parameters":"{ }","timeout_seconds":1,"sender":")",
                                         poor_key().address(), R"(","sig":")", poor_key().sign_text("{}{}"), "\"}"));
    CHECK(net.ask(0, request).body == "Could not verify job creds\n");
    CHECK(old.ask(0, request).body == "ErrSegSig\n");
    request.livepeer = encode_base64("{}");
    CHECK(net.ask(0, request).body == "no timeout_seconds set with request, timeout_seconds is required\n");
    request.method = "GET";
    CHECK(net.ask(0, request).status == 405);
}

TEST_CASE("a real worker gets the job at its own path, with type and token") {
    TestNet net;
    (void)net.ask(0, post("/capability/register", std::string(real_worker)));
    std::optional<Reply> reply;
    net.network.orchestrator_request(0, job_for_text(), [&](Reply got) { reply = std::move(got); });
    CHECK(net.world.last_call.url == "http://127.0.0.1:5000/reverse");
    CHECK(net.world.last_call.token == "wtok");
    CHECK(net.world.last_call.content_type == "text/x-own");
    CHECK(net.world.last_call.body == "abc");
    CHECK(net.world.last_call.timeout_ns == 60 * ns_per_s);
    CHECK(available(net, "text") == "1");
    net.world.worker_done({.status = 201, .content_type = "application/json", .metadata = "m", .body = "cba"});
    REQUIRE(reply.has_value());
    CHECK(reply->status == 200);
    CHECK(reply->body == "cba");
    CHECK(reply->header("Content-Type") == "application/json");
    CHECK(reply->header("X-Metadata") == "m");
    CHECK(reply->header("Livepeer-Balance") == "0");
    CHECK(available(net, "text") == "2");
}

TEST_CASE("what a worker's failure does to its capability and its slot") {
    struct Case {
        const char* name = "";
        WorkerResult result;
        int status = 0;
        const char* body = "";
        const char* available = "";
    };
    using Kind = WorkerResult::Kind;
    const auto* removing = "job not able to be processed, removing capability err=";
    for (const auto& [name, result, status, body, left] : {
             Case{"refused", {.kind = Kind::failed, .error = "gone"}, 500, "gone\n", "absent"},
             Case{"401", {.status = 401}, 500, "worker auth token failed\n", "absent"},
             Case{"time-out", {.kind = Kind::timed_out, .error = "context canceled"}, 500, "context canceled\n", "1"},
             Case{"truncated", {.kind = Kind::truncated}, 500, "unexpected EOF\n", "2"},
             Case{"429", {.status = 429, .body = "slow down"}, 429, "slow down\n", "2"},
         }) {
        const std::string_view shown = name;
        CAPTURE(shown);
        TestNet net;
        (void)net.ask(0, post("/capability/register", std::string(real_worker)));
        std::optional<Reply> reply;
        net.network.orchestrator_request(0, job_for_text(), [&](Reply got) { reply = std::move(got); });
        net.world.worker_done(result);
        REQUIRE(reply.has_value());
        CHECK(reply->status == status);
        const bool prefixed = result.kind == Kind::failed || result.kind == Kind::timed_out || result.status == 401;
        CHECK(reply->body == cat(prefixed ? removing : "", body));
        CHECK(reply->header("Livepeer-Balance") == "0");
        CHECK(available(net, "text") == left);
    }
}

TEST_CASE("the old era knows no worker token, and passes a worker's 401 on") {
    TestNet old({.era = Era::v0_8_7});
    (void)old.ask(0, post("/capability/register", std::string(real_worker)));
    std::optional<Reply> reply;
    old.network.orchestrator_request(0, job_for_text(), [&](Reply got) { reply = std::move(got); });
    CHECK(old.world.last_call.token.empty());
    old.world.worker_done({.status = 401, .body = "no"});
    REQUIRE(reply.has_value());
    CHECK(reply->status == 401);
    CHECK(reply->body == "no\n");
    CHECK(old.ask(0, token_request("text")).status == 200);
}

TEST_CASE("a stream's lines are passed on, with the balance in front of the last one") {
    TestNet net;
    (void)net.ask(0, post("/capability/register", std::string(real_worker)));
    std::optional<Reply> reply;
    const auto streamed = [&](std::string body, bool by_gateway) {
        reply.reset();
        const auto keep = [&](Reply got) { reply = std::move(got); };
        if (by_gateway) {
            (void)net.network.gateway_request(job_request(job_header("{}", "text", 60)), keep);
        } else {
            net.network.orchestrator_request(0, job_for_text(), keep);
        }
        net.world.worker_done({.status = 500, .content_type = "text/event-stream", .body = std::move(body)});
        REQUIRE(reply.has_value());
        CHECK(reply->status == 200);
        return reply->body;
    };
    const std::string finished = "data: a\r\n\ndata: [DONE]\n\nmore";
    CHECK(streamed(finished, true) == "data: a\n\ndata: {\"balance\": 0.000}\n\n\ndata: [DONE]\n");
    CHECK(!reply->flood);
    CHECK(streamed(finished, false) == "data: a\n\ndata: {\"balance\": 0.000}\n\n\ndata: [DONE]\n\nmore\n");
    REQUIRE(reply->flood);
    CHECK(reply->flood->hold_ns == 60 * ns_per_s);
    for (const auto* open : {"data: a\n", "data: a"}) {
        CHECK(streamed(open, true) == "data: a\n");
        REQUIRE(reply->flood);
        CHECK(reply->flood->hold_ns == 70 * ns_per_s);
        CHECK(reply->flood->bytes > 1'000'000);
        CHECK(reply->flood->unit.find_first_not_of('\n') == std::string::npos);
    }
    (void)net.network.gateway_request(job_request(job_header("{}", "text", std::int64_t{1} << 62)),
                                      [&](Reply got) { reply = std::move(got); });
    net.world.worker_done({.content_type = "text/event-stream", .body = "data: a\n"});
    CHECK(reply->flood->hold_ns == 86410 * ns_per_s);
    CHECK(streamed("data: a\n" + std::string(65536, 'x') + "\ndata: [DONE]\n", true) == "data: a\n");
    CHECK(streamed("data: a\n" + std::string(65535, 'x') + "\ndata: [DONE]\n", true).size() > 65536);
    CHECK(available(net, "text") == "2");
}

TEST_CASE("a stream is charged for every five seconds that are over") {
    TestNet net;
    (void)net.ask(0, post("/capability/register",
                          R"({"name":"text","url":"http://127.0.0.1:5000","capacity":2,"price_per_unit":100})"));
    std::optional<Reply> reply;
    (void)net.network.gateway_request(job_request(job_header("{}", "text", 60)),
                                      [&](Reply got) { reply = std::move(got); });
    net.world.advance(9 * ns_per_s);
    net.world.worker_done({.content_type = "text/event-stream", .body = "data: [DONE]\n"});
    REQUIRE(reply.has_value());
    CHECK(reply->body == "data: {\"balance\": 7999999495.000}\n\n\ndata: [DONE]\n");
}

TEST_CASE("a worker that refuses is removed: the first job is an empty 200, the next finds no worker") {
    TestNet net;
    net.fault(0, R"("worker_refused")");
    CHECK(net.send(pinned_job(0))->body.empty());
    CHECK(net.send(pinned_job(0))->body == "No orchestrators found for capability agent-net\n");
    net.fault(0, R"("none")");
    CHECK(net.send(pinned_job(0))->status == 200);
}

TEST_CASE("each job that runs out of time takes a slot with it, until the worker registers again") {
    TestNet net({.capacity = 2});
    net.fault(0, R"({"kind":"slow","delay":"30s"})");
    for (int job = 0; job < 2; ++job) {
        CHECK(!net.send(pinned_job(0, 20)));
        net.world.advance(20 * ns_per_s);
        REQUIRE(net.reply.has_value());
        CHECK(net.reply->body.empty());
    }
    CHECK(net.free_slots(0) == 0);
    CHECK(net.send(pinned_job(0, 20))->body == "No orchestrators found for capability agent-net\n");
    net.fault(0, R"("none")");
    CHECK(net.free_slots(0) == 2);
}

TEST_CASE("a client that hangs up takes a slot with it, and gets no answer") {
    TestNet net({.capacity = 2});
    net.fault(0, R"({"kind":"slow","delay":"1s"})");
    CHECK(!net.send(pinned_job(0)));
    net.network.abandon(net.ticket);
    net.world.advance(2 * ns_per_s);
    CHECK(!net.reply);
    CHECK(net.free_slots(0) == 1);
}

TEST_CASE("capacity is not checked by the orchestrator: a direct job beyond it is taken") {
    TestNet net({.capacity = 1});
    net.fault(0, R"({"kind":"slow","delay":"1s"})");
    auto direct = pinned_job(0);
    int answers = 0;
    for (int job = 0; job < 3; ++job) net.network.orchestrator_request(0, direct, [&](const Reply&) { ++answers; });
    CHECK(net.free_slots(0) == -2);
    net.world.advance(ns_per_s);
    CHECK(answers == 3);
    CHECK(net.free_slots(0) == 1);
}

TEST_CASE("registering again forgets the load; a job then in flight raises the capacity by one") {
    TestNet net;
    (void)net.ask(0, post("/capability/register", std::string(real_worker)));
    net.network.orchestrator_request(0, job_for_text(), [](const Reply&) {});
    CHECK(available(net, "text") == "1");
    (void)net.ask(0, post("/capability/register", std::string(real_worker)));
    CHECK(available(net, "text") == "2");
    net.world.worker_done({});
    CHECK(available(net, "text") == "3");
}

TEST_CASE("a capacity of 0 is never selected") {
    TestNet net;
    (void)net.ask(0, post("/capability/register", R"({"name":"text","url":"http://127.0.0.1:5000"})"));
    CHECK(net.send(job_request(job_header("{}", "text")))->body == "No orchestrators found for capability text\n");
}

TEST_CASE("a price is what the registration says, to the fraction of a wei a second") {
    struct Case {
        const char* text;
        const char* wei;
    };
    for (const auto& [text, wei] :
         {Case{R"({"price_per_unit":5000})", "5000.00"}, Case{R"({"price_per_unit":7,"price_scaling":10})", "0.70"},
          Case{R"({"price_per_unit":-5})", "-5.00"},
          Case{R"({"price_per_unit":17,"price_scaling":10,"currency":"wei"})", "1.70"},
          Case{R"({"price_per_unit":1,"price_scaling":1000,"currency":"ETH"})", "1000000000000000.00"},
          Case{R"({"price_per_unit":5,"price_scaling":100,"currency":"usd"})", "20000000000000.00"},
          Case{R"({"price_per_unit":9000000000000000000,"currency":"ETH"})", "9223372036854775807.00"}}) {
        const std::string_view shown = text;
        CAPTURE(shown);
        CHECK(wei_text(parse_registration(text, 2500).capability.price, 2) == wei);
    }
}

TEST_CASE("a payment that does not decode kills the handler and the slot; one that decodes credits nothing") {
    TestNet net({.capacity = 4});
    net.fault(0, R"({"kind":"price","wei":10})");
    auto direct = pinned_job(0, 20, net.network.gateway_key());
    direct.payment = "!";
    CHECK(net.ask(0, direct).shape == Reply::Shape::closed);
    CHECK(net.free_slots(0) == 3);
    direct.payment = encode_base64("ticket");
    CHECK(net.ask(0, direct).body == "Insufficient balance for request\n");
    CHECK(net.free_slots(0) == 3);
    TestNet old({.era = Era::v0_8_7});
    old.fault(0, R"({"kind":"price","wei":10})");
    direct.payment = "";
    CHECK(old.ask(0, direct).status == 402);
    CHECK(old.ask(0, direct).body == "Insufficient balance\n");
}

TEST_CASE("the request of a direct job is looked at after the slot is taken, and the slot is lost") {
    TestNet net;
    auto direct = pinned_job(0);
    direct.livepeer = job_header("{}", "agent-net", 5, poor_key(), "no");
    CHECK(net.ask(0, direct).body ==
          "Unable to unmarshal job request details err=invalid character 'o' in literal null (expecting 'u')\n");
    CHECK(net.free_slots(0) == 15);
}
