#include "tests/devnet/script.hpp"

#include <doctest/doctest.h>

#include "stipend/duration.hpp"
#include "tests/devnet/control.hpp"

#include "fixture.hpp"

using namespace stipend;
using namespace stipend::devnet;

TEST_CASE("a script is a YAML list, or JSON lines, in the order of its times") {
    const auto* yaml =
        "# comment\n- {at: 10s, orchestrator: 3, fault: down}\n- {orchestrator: 0-2, fault: {kind: uptime, percent: "
        "94.999}}\n";
    const auto* lines =
        "{\"at\":\"10s\",\"orchestrator\":3,\"fault\":\"down\"}\n\n"
        "{\"orchestrator\":\"0-2\",\"fault\":{\"kind\":\"uptime\",\"percent\":94.999}}";
    for (const auto* text : {yaml, lines}) {
        const auto events = parse_script(text, "s", 4);
        REQUIRE_MESSAGE(events.ok(), events.error().message);
        REQUIRE(events->size() == 2);
        CHECK(events->at(0).at_ns == 0);
        CHECK(events->at(0).selection.first == 0);
        CHECK(events->at(0).selection.last == 2);
        CHECK(std::get<FaultChange>(events->at(0).change).text == "94.999");
        CHECK(events->at(1).at_ns == 10 * ns_per_s);
        CHECK(std::get<FaultChange>(events->at(1).change).fault.kind == FaultKind::down);
    }
}

TEST_CASE("a script's mistakes are named with their line") {
    struct Case {
        const char* text;
        const char* message;
    };
    for (const auto& [text, message] : {
             Case{"- {orchestrator: 0, fault: down}\n- {orchestrator: 9, fault: down}\n",
                  "s:2: orchestrator: got \"9\", want 0 to 3, a-b or all"},
             Case{"- {orchestrator: 0, fault: dwn}", "s:1: fault: unknown kind \"dwn\"; --help lists the kinds"},
             Case{"- {orchestrator: 0, fault: {kind: slow}}", "s:1: delay: missing, want a duration such as 300ms"},
             Case{"- {orchestrator: 0, fault: {kind: slow, delay: 3}}", "s:1: delay: got a number, want a string"},
             Case{"- {orchestrator: 0, fault: {kind: down, status: 500}}",
                  "s:1: fault down: unknown key \"status\", want chance"},
             Case{"- {orchestrator: 0, fault: {kind: another, orchestrator: 4}}",
                  "s:1: another: orchestrator: got 4, want 0 to 3"},
             Case{"- {orchestrator: 0, fault: {kind: error, status: 200}}",
                  "s:1: status: got 200, want an integer from 400 to 599"},
             Case{"- {gateway: up}",
                  "s:1: gateway fault: unknown kind \"up\", want none, down, hang, error, malformed, deposit_empty or "
                  "funds"},
             Case{"- {orchestrator: 0}", "s:1: event: want either orchestrator and fault, or gateway"},
             Case{"- {orchestrator: 0, fault: down, when: 3}",
                  "s:1: event: unknown key \"when\", want at, orchestrator, fault or gateway"},
             Case{"a: b", "s: want a list of events, each with a dash"},
             Case{"- {", "s:1: end of map flow not found"},
             Case{"{\"at\":\n", "s:1: not JSON at byte 6: incomplete JSON"},
         }) {
        const std::string_view shown = text;  // a lambda cannot hold a structured binding
        CAPTURE(shown);
        const auto events = parse_script(text, "s", 4);
        REQUIRE(!events.ok());
        CHECK(events.error().message == message);
    }
}

TEST_CASE("the demo is a script that holds for its own size") {
    CHECK(parse_script(demo_script(), "demo", demo_size).ok());
    CHECK(!parse_script(demo_script(), "demo", demo_size - 1).ok());
}

TEST_CASE("the control changes faults, and refuses what it does not understand") {
    TestNet net;
    const auto reply = control(net.network, post("/fault", R"({"orchestrator":"1-2","fault":"down"})"));
    CHECK(reply.status == 200);
    CHECK(reply.body == "{\"changed\":2}\n");
    CHECK(net.send(pinned_job(2))->status == 400);
    CHECK(net.send(pinned_job(3))->status == 200);
    CHECK(control(net.network, post("/gateway", R"({"fault":"malformed"})")).body == "{\"gateway\":\"malformed\"}\n");
    CHECK(control(net.network, post("/fault", R"({"orchestrator":4,"fault":"down"})")).body ==
          "{\"error\":\"orchestrator: got \\\"4\\\", want 0 to 3, a-b or all\"}\n");
    for (const auto* body : {"", "[]", "{}", R"({"orchestrator":0})", R"({"orchestrator":0,"fault":"down","x":1})"}) {
        CAPTURE(body);
        CHECK(control(net.network, post("/fault", body)).status == 400);
    }
    CHECK(control(net.network, post("/nosuch", "")).status == 404);
    CHECK(control(net.network, {.method = "GET", .path = "/fault"}).status == 405);
    CHECK(control(net.network, {.method = "GET", .path = "/state", .query = "limit=x"}).status == 400);
}

TEST_CASE("state and jobs report what happened, and the log is bounded") {
    TestNet net({.job_log = 3});
    for (int i = 0; i < 5; ++i) (void)net.send(pinned_job(1));
    const auto state =
        *parse_json(control(net.network, {.method = "GET", .path = "/state", .query = "from=1&limit=1"}).body);
    CHECK(state.find("gateway")->find("answered")->text() == "5");
    CHECK(state.find("orchestrators")->items().size() == 1);
    CHECK(state.find("orchestrators")->items().at(0).find("jobs")->text() == "5");
    const auto jobs = *parse_json(control(net.network, {.method = "GET", .path = "/jobs"}).body);
    CHECK(jobs.find("total")->text() == "5");
    REQUIRE(jobs.find("jobs")->items().size() == 3);
    CHECK(jobs.find("jobs")->items().at(0).find("body")->text() == R"({"agent_id":"o1"})");
}

TEST_CASE("a body that is not UTF-8 does not break the log") {
    TestNet net;
    net.fault(0, R"({"kind":"body","text":"x"})");
    auto request = pinned_job(0);
    request.body =
        "a\xff"
        "b";
    (void)net.send(request);
    const auto jobs = parse_json(net.network.jobs(1));
    REQUIRE(jobs.ok());
    CHECK(jobs->find("jobs")->items().at(0).find("body")->text() == "a?b");
}

TEST_CASE("addresses are loopback names, one for each orchestrator") {
    CHECK(made_address(0, 9995) == "https://127.0.1.1:9995");
    CHECK(made_address(6, 9995) == "https://127.0.1.7:9995");
    CHECK(made_address(250, 9995) == "https://127.0.2.1:9995");
    CHECK(made_address(99'999, 9995) == "https://127.1.150.250:9995");
    TestNet net({}, {.count = 3, .slash_every = 3});
    CHECK(net.network.addresses() == "https://127.0.1.1:9995,https://127.0.1.2:9995,https://127.0.1.3:9995/");
}
