#include "tests/devnet/scenario.hpp"

#include <doctest/doctest.h>

#include <tuple>

#include "stipend/duration.hpp"
#include "tests/devnet/control.hpp"

#include "fixture.hpp"

using namespace stipend;
using namespace stipend::devnet;

namespace {

std::vector<Event> timeline_of(const std::string& events, std::uint32_t size = 4) {
    auto scenario = parse_scenario("timeline: [" + events + "]", "s", size);
    REQUIRE_MESSAGE(scenario.ok(), scenario.error().message);
    return std::move(scenario->timeline);
}

// The first line of what is wrong, which is not valid as a whole: "1:12: path: message".
std::string problem_of(const std::string& text) {
    const auto scenario = parse_scenario(text, "s", 4);
    REQUIRE(!scenario.ok());
    const std::string begin = "the scenario is not valid:\ns:";
    const auto& message = scenario.error().message;
    REQUIRE(message.rfind(begin, 0) == 0);
    return message.substr(begin.size(), message.find('\n', begin.size()) - begin.size());
}

}  // namespace

TEST_CASE("a scenario is YAML or JSON, and its events are in the order of their times") {
    const auto* yaml =
        "# comment\norchestrators: 4\ntimeline:\n  - {at: 10s, orchestrator: 3, fault: down}\n"
        "  - {orchestrator: 0-2, fault: {kind: uptime, percent: 94.999}}\n";
    const auto* json = R"({"orchestrators":4,"timeline":[{"at":"10s","orchestrator":3,"fault":"down"},)"
                       R"({"orchestrator":"0-2","fault":{"kind":"uptime","percent":94.999}}]})";
    for (const auto* text : {yaml, json}) {
        const auto scenario = parse_scenario(text, "s", std::nullopt);
        REQUIRE_MESSAGE(scenario.ok(), scenario.error().message);
        CHECK(scenario->orchestrators == 4);
        const auto& events = scenario->timeline;
        REQUIRE(events.size() == 2);
        CHECK(events.at(0).at_ns == 0);
        CHECK(events.at(0).selection.first == 0);
        CHECK(events.at(0).selection.last == 2);
        CHECK(std::get<FaultChange>(events.at(0).change).text == "94.999");
        CHECK(events.at(1).at_ns == 10 * ns_per_s);
        CHECK(std::get<FaultChange>(events.at(1).change).fault.kind == FaultKind::down);
    }
}

TEST_CASE("a scenario holds the network") {
    const auto scenario = parse_scenario(
        "orchestrators: 3\ngateway: 127.0.0.1:1\ncontrol: 127.0.0.1:2\ncli: 127.0.0.1:3\nlisten: [127.0.0.1:4, "
        "'http://127.0.0.1:5']\ncapability: x\ncapacity: 7\nseed: 9\nevery_sender_has_reserve: true\nlive_runners: "
        "true\n",
        "s", std::nullopt);
    REQUIRE_MESSAGE(scenario.ok(), scenario.error().message);
    CHECK(scenario->gateway == "127.0.0.1:1");
    CHECK(scenario->control == "127.0.0.1:2");
    CHECK(scenario->cli == "127.0.0.1:3");
    CHECK(scenario->listen == std::vector<std::string>{"127.0.0.1:4", "http://127.0.0.1:5"});
    CHECK(scenario->capability == "x");
    CHECK(scenario->capacity == 7);
    CHECK(scenario->seed == 9);
    CHECK(scenario->every_sender_has_reserve);
    CHECK(scenario->live_runners);
    CHECK(scenario->timeline.empty());
    CHECK(parse_scenario("", "s", std::nullopt).error().message.find("want a scenario") != std::string::npos);
}

TEST_CASE("a scenario says what live runners have, and how their signer misbehaves") {
    const auto scenario = parse_scenario(
        "signer: 127.0.0.1:7\nrunners: {price: 5000, unit: seconds, sessions: true, ttl: 2s}\n"
        "timeline: [{at: 1s, for: 2s, signer: {kind: refresh, times: 3}}]\n",
        "s", std::nullopt);
    REQUIRE_MESSAGE(scenario.ok(), scenario.error().message);
    CHECK(scenario->signer == "127.0.0.1:7");
    CHECK(scenario->runner_price_wei == 5000);
    CHECK(scenario->runner_unit == "seconds");
    CHECK(scenario->runner_sessions);
    CHECK(scenario->runner_ttl == "2s");
    REQUIRE(scenario->timeline.size() == 2);
    CHECK(std::get<SignerFault>(scenario->timeline[0].change).kind == SignerFaultKind::refresh);
    CHECK(std::get<SignerFault>(scenario->timeline[0].change).times == 3);
    CHECK(scenario->timeline[1].at_ns == 3 * ns_per_s);
    CHECK(std::get<SignerFault>(scenario->timeline[1].change).kind == SignerFaultKind::none);
    for (const auto* bad :
         {"runners: {unit: hour}", "runners: {price: -1}", "runners: {ttl: 1ms}", "runners: {prise: 1}"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_scenario(bad, "s", std::nullopt).ok());
    }
}

TEST_CASE("an event for a time has its end, which goes first of what happens then") {
    const auto events = timeline_of(
        "{at: 3s, orchestrator: 1, fault: down}, {at: 1s, for: 2s, orchestrator: 1, fault: reset}, "
        "{at: 1s, for: 1s, gateway: hang}");
    REQUIRE(events.size() == 5);
    CHECK(std::get<FaultChange>(events.at(0).change).fault.kind == FaultKind::reset);
    CHECK(std::get<GatewayFault>(events.at(1).change).kind == GatewayFaultKind::hang);
    CHECK(events.at(2).at_ns == 2 * ns_per_s);
    CHECK(std::get<GatewayFault>(events.at(2).change).kind == GatewayFaultKind::none);
    CHECK(events.at(3).at_ns == 3 * ns_per_s);
    CHECK(events.at(3).ends);
    CHECK(std::get<FaultChange>(events.at(3).change).ended == FaultChange::Verb::fault);
    CHECK(std::get<FaultChange>(events.at(4).change).fault.kind == FaultKind::down);
}

TEST_CASE("the end of one event leaves the others as they are") {
    TestNet net;
    const auto play = [&](const Event& event) {
        REQUIRE(net.network.apply(event.selection, std::get<FaultChange>(event.change)).ok());
    };
    const auto events = timeline_of(
        "{orchestrator: 1, fault: down}, {for: 1s, orchestrator: 1, fault: {kind: uptime, percent: 50}}, "
        "{at: 2s, for: 1s, orchestrator: 1, fault: capability_lost}, {at: 4s, orchestrator: 1, fault: none}");
    REQUIRE(events.size() == 6);
    for (std::size_t i = 0; i < 5; ++i) play(events.at(i));
    CHECK(net.send(pinned_job(1))->status == 400);  // still down
    play(events.at(5));
    const auto healthy = net.send(pinned_job(1));
    CHECK(healthy->status == 200);
    CHECK(healthy->body.find("\"overall_uptime_percentage\":100.0") != std::string::npos);
}

TEST_CASE("a scenario's mistakes are named with their line and column") {
    struct Case {
        const char* text;
        const char* problem;
    };
    for (const auto& [text, problem] : {
             Case{"timeline:\n- {orchestrator: 0, fault: down}\n- {orchestrator: 9, fault: down}\n",
                  "3:18: timeline[1].orchestrator: orchestrator: got \"9\", want 0 to 3, a-b or all"},
             Case{"timeline: [{orchestrator: 0, fault: dwn}]",
                  "1:37: timeline[0].fault: fault: unknown kind \"dwn\"; --help lists the kinds; did you mean "
                  "\"down\"?"},
             Case{"timeline: [{orchestrator: 0, fault: {kind: slow}}]",
                  "1:37: timeline[0].fault: delay: missing, want a duration such as 300ms"},
             Case{"timeline: [{orchestrator: 0, fault: {kind: down, status: 500}}]",
                  "1:37: timeline[0].fault: fault down: unknown key \"status\", want chance"},
             Case{"timeline: [{orchestrator: 0, fault: {kind: another, orchestrator: 4}}]",
                  "1:37: timeline[0].fault: another: orchestrator: got 4, want 0 to 3"},
             Case{"timeline: [{orchestrator: 0, fault: {kind: error, status: 200}}]",
                  "1:37: timeline[0].fault: status: got 200, want an integer from 400 to 599"},
             Case{"timeline: [{gateway: up}]",
                  "1:22: timeline[0].gateway: gateway fault: unknown kind \"up\", want none, down, hang, error, "
                  "malformed, deposit_empty or funds"},
             Case{"timeline: [{orchestrator: 0}]",
                  "1:12: timeline[0]: want either orchestrator and fault, or gateway, or signer"},
             Case{"timeline: [{gateway: down, fault: down, orchestrator: 0}]",
                  "1:12: timeline[0]: want either orchestrator and fault, or gateway, or signer"},
             Case{"timeline: [{signer: down, gateway: down}]",
                  "1:12: timeline[0]: want either orchestrator and fault, or gateway, or signer"},
             Case{"timeline: [{signer: up}]",
                  "1:21: timeline[0].signer: signer fault: unknown kind \"up\", want none, down, hang, "
                  "error, pay_error, refresh, ceiling, not_needed or forged"},
             Case{"timeline: [{for: 2s, signer: none}]",
                  "1:18: timeline[0].for: got a time for what is over at once, want none"},
             Case{"timeline: [{for: 2s, orchestrator: 0, fault: none}]",
                  "1:18: timeline[0].for: got a time for what is over at once, want none"},
         }) {
        const std::string_view shown = text;  // a lambda cannot hold a structured binding
        CAPTURE(shown);
        CHECK(problem_of(text) == problem);
    }
}

TEST_CASE("what the schema of a scenario refuses is named with its place and the nearest key") {
    for (const auto& [text, place, part] :
         {std::tuple{"orchestrator: 3", "1:1", "did you mean \"orchestrators\"?"},
          std::tuple{"seed: 1\norchestrators: 0", "2:16", "got"},
          std::tuple{"timeline: [{att: 3s}]", "1:13", "did you mean \"at\"?"},
          std::tuple{"timeline: [{at: 10, gateway: down}]", "1:17", "want a duration"},
          std::tuple{"timeline: [{for: 0s, gateway: down}]", "1:18", "got"}, std::tuple{"timeline: [{", "1:1", ""},
          std::tuple{"timeline: 3", "1:11", "want a list"}, std::tuple{"- 1", "1:1", "want a scenario"}}) {
        const std::string_view shown = text;
        CAPTURE(shown);
        const auto problem = problem_of(text);
        CAPTURE(problem);
        CHECK(problem.rfind(place, 0) == 0);
        CHECK(problem.find(part) != std::string::npos);
    }
}

TEST_CASE("all mistakes of a timeline are reported at once") {
    const auto scenario =
        parse_scenario("timeline:\n- {orchestrator: 7, fault: down}\n- {orchestrator: 0, fault: x}\n", "s", 4);
    REQUIRE(!scenario.ok());
    CHECK(scenario.error().message.find("s:2:18") != std::string::npos);
    CHECK(scenario.error().message.find("s:3:28") != std::string::npos);
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
