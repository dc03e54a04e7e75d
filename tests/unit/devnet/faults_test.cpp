// Faults that last beyond one job, under a clock that the test moves.
#include <doctest/doctest.h>

#include "fixture.hpp"

using namespace stipend;
using namespace stipend::devnet;

namespace {

constexpr std::string_view none_found = "No orchestrators found for capability agent-net\n";

std::string body_of(const std::optional<Reply>& reply) {
    REQUIRE(reply.has_value());
    return reply->body;
}

}  // namespace

TEST_CASE("held slots take an orchestrator off the list, until a registration frees them") {
    TestNet net({.capacity = 4});
    net.fault(0, R"({"kind":"hold_slots","slots":3})");
    CHECK(net.free_slots(0) == 1);
    CHECK(net.send(pinned_job(0))->status == 200);
    net.fault(0, R"({"kind":"hold_slots","slots":1})");
    CHECK(net.free_slots(0) == 0);
    CHECK(body_of(net.send(pinned_job(0))) == none_found);
    // An orchestrator does not look at its capacity: its own route takes the job.
    CHECK(net.ask(0, pinned_job(0)).status == 200);
    (void)net.ask(0,
                  post("/capability/register", R"({"name":"agent-net","url":"http://127.0.0.1:5000","capacity":4})"));
    CHECK(net.free_slots(0) == 4);
}

TEST_CASE("the first token over a cold connection is too late, the second one is not") {
    TestNet net;
    net.fault(0, R"("cold_connection")");
    CHECK(!net.send(pinned_job(0)));
    net.world.advance(500 * ns_per_ms);
    CHECK(body_of(net.reply) == none_found);
    CHECK(!net.send(pinned_job(0)));
    net.world.advance(300 * ns_per_ms);  // what the connection still takes, and a round trip
    CHECK(net.reply->status == 200);
    for (int job = 0; job < 3; ++job) {
        net.world.advance(59 * ns_per_s);
        CHECK(!net.send(pinned_job(0)));
        net.world.advance(200 * ns_per_ms);
        CHECK(net.reply->status == 200);
    }
    // Idle for longer than the limit: cold again.
    net.world.advance(60 * ns_per_s + 1);
    CHECK(!net.send(pinned_job(0)));
    net.world.advance(500 * ns_per_ms);
    CHECK(body_of(net.reply) == none_found);
    net.fault(0, R"("none")");
    CHECK(net.send(pinned_job(0)).has_value());
}

TEST_CASE("round trip, idle limit and token limit of a distant orchestrator are settable") {
    TestNet net;
    const auto first = [&](std::string_view json) {
        net.fault(0, json);
        CHECK(!net.send(pinned_job(0)));
        net.world.advance(2 * ns_per_s);
        return body_of(net.reply) == none_found;
    };
    CHECK(first(R"({"kind":"cold_connection","round_trip":"167ms"})"));
    CHECK_FALSE(first(R"({"kind":"cold_connection","round_trip":"166ms"})"));
    CHECK(first(R"({"kind":"cold_connection","round_trip":"10ms","limit":"30ms"})"));
    CHECK_FALSE(first(R"({"kind":"cold_connection","limit":"601ms"})"));
    net.fault(0, R"({"kind":"cold_connection","idle":"1s"})");
    (void)net.send(pinned_job(0));
    net.world.advance(1601 * ns_per_ms);
    CHECK(!net.send(pinned_job(0)));
    net.world.advance(500 * ns_per_ms);
    CHECK(body_of(net.reply) == none_found);
}

TEST_CASE("a crash closes the gateway's connection, too") {
    TestNet net;
    net.fault(0, R"({"kind":"cold_connection"})");
    for (int job = 0; job < 2; ++job) {
        (void)net.send(pinned_job(0));
        net.world.advance(ns_per_s);
    }
    CHECK(net.reply->status == 200);
    net.fault(0, R"({"kind":"crash","for":"1s"})");
    net.world.advance(ns_per_s);
    (void)net.ask(0,
                  post("/capability/register", R"({"name":"agent-net","url":"http://127.0.0.1:5000","capacity":4})"));
    (void)net.send(pinned_job(0));
    net.world.advance(ns_per_s);
    CHECK(body_of(net.reply) == none_found);
}

TEST_CASE("a compressed answer arrives as any other; one that only says so is an error") {
    TestNet net;
    net.fault(0, R"("gzip")");
    CHECK(parse_json(net.send(pinned_job(0))->body)->find("status")->text() == "success");
    net.fault(0, R"({"kind":"gzip","broken":true})");
    const auto direct = net.ask(0, pinned_job(0));
    CHECK(direct.status == 500);
    CHECK(direct.body == "gzip: invalid header\n");
    CHECK(body_of(net.send(pinned_job(0))).empty());
    CHECK(net.free_slots(0) == 16);
}

TEST_CASE("a worker that redirects without end loses its capability") {
    TestNet net;
    net.fault(0, R"("redirect_loop")");
    const auto direct = net.ask(0, pinned_job(0));
    CHECK(direct.status == 500);
    CHECK(direct.body ==
          "job not able to be processed, removing capability err=Post \"/redirect\": stopped after 10 redirects\n");
    CHECK(body_of(net.send(pinned_job(0))) == none_found);
}

TEST_CASE(
    "a stream flood is more than a megabyte of empty lines, for the job's time and, at the gateway, ten seconds") {
    TestNet net;
    net.fault(0, R"("stream_flood")");
    const auto& reply = net.send(pinned_job(0, 7));
    REQUIRE(reply.has_value());
    REQUIRE(reply->flood);
    CHECK(reply->flood->bytes > 1'000'000);
    CHECK(reply->flood->drip);
    CHECK(reply->flood->hold_ns == 17 * ns_per_s);
    const auto direct = net.ask(0, pinned_job(0, 7));
    REQUIRE(direct.flood);
    CHECK(direct.flood->bytes > 1'000'000);
    CHECK(direct.flood->hold_ns == 7 * ns_per_s);
}

TEST_CASE("the mistakes in these faults are named") {
    struct Case {
        const char* json;
        const char* message;
    };
    for (const auto& [json, message] : {
             Case{R"("hold_slots")", "hold_slots: slots: got null, want an integer from 0 to 1000000"},
             Case{R"("crash")", "crash: for: missing, want a duration such as 300ms"},
             Case{R"({"kind":"gzip","broken":1})", "broken: got 1, want true"},
             Case{R"({"kind":"cold_connection","round_trip":3})", "round_trip: got a number, want a string"},
             Case{R"({"kind":"cold_connection","delay":"3s"})",
                  "fault cold_connection: unknown key \"delay\", want round_trip idle limit"},
         }) {
        const std::string_view shown = json;
        CAPTURE(shown);
        const auto change = parse_fault(*parse_json(json));
        REQUIRE_FALSE(change.ok());
        CHECK(change.error().message == message);
    }
}
