// One look at each shipped plugin through the loader, with the real HTTP client and a server of a few scripted bytes.
#include "rig.hpp"
#include "tests/integration/http/scripted_server.hpp"

using namespace plugins_test;
using stipend::test::ScriptedServer;
using stipend::test::Wire;

namespace {

std::string response(int status, const std::string& body, const std::string& headers = "") {
    return "HTTP/1.1 " + std::to_string(status) + " x\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// Answers each request of a connection by what `answer` makes of it.
template <class Answer>
ScriptedServer::Script serving(Answer answer) {
    return [answer](Wire& wire, int) {
        for (auto request = wire.read_request(); !request.empty(); request = wire.read_request()) {
            const std::string reply = answer(request);
            if (reply.empty()) return wire.reset();
            wire.write(reply);
        }
    };
}

}  // namespace

// The library holds the worker's side too.
constexpr const char* byoc_id = "org.stipend.byoc";

TEST_CASE("byoc.so sends a job through a gateway and reads its answer") {
    std::promise<std::string> seen;
    const ScriptedServer gateway(serving([&](const std::string& request) {
        seen.set_value(request);
        return response(200, R"({"service_uptime":94.999,"window_seconds":60})",
                        "X-Orchestrator-Url: https://10.0.0.7:9995\r\n");
    }));
    Rig rig;
    const auto byoc = rig.run(
        "byoc", R"({"gateway":")" + gateway.url("") + R"(","price_check":"off","price_unseen":"allow"})", byoc_id);
    const auto result = wait(byoc.submit({.orchestrator_id = "orch-1", .address = "https://10.0.0.7:9995/"}));
    REQUIRE_MESSAGE(result.ok(), (result.ok() ? "" : result.error().message));
    CHECK(result->outcome == STIPEND_JOB_OK);
    CHECK(result->reported_ppm == 949'990);
    CHECK(result->served_by == "https://10.0.0.7:9995");
    const auto request = seen.get_future().get();
    CHECK(request.starts_with("POST /process/request/agent-net HTTP/1.1\r\n"));
    CHECK(request.find("\r\nLivepeer: eyJyZXF1ZXN0Ijoie30i") != std::string::npos);
    CHECK(request.find(R"({"action":"service-monitoring","agent_id":"orch-1")") != std::string::npos);
}

TEST_CASE("byoc.so blames the orchestrator for a reset where the gateway answers the sentinel") {
    std::atomic<int> jobs{0};
    const ScriptedServer gateway(serving([&](const std::string& request) -> std::string {
        if (request.find("Idempotency-Key: sentinel") != std::string::npos) {
            return response(400, "No orchestrators found for capability agent-net\n");
        }
        ++jobs;
        return "";
    }));
    Rig rig;
    const auto byoc = rig.run(
        "byoc",
        R"({"gateway":")" + gateway.url("") + R"(","price_check":"off","price_unseen":"allow","retry_after":"50ms"})",
        byoc_id);
    const auto result = wait(byoc.submit({.orchestrator_id = "orch-1", .address = "https://10.0.0.7:9995"}));
    REQUIRE(result.ok());
    CHECK_MESSAGE(result->outcome == STIPEND_JOB_FAILED, result->reason);
    CHECK(jobs == 2);
    CHECK(byoc->health().ok());
}

TEST_CASE("byoc.so leaves a gateway that is not there to the payer") {
    Rig rig;
    const auto byoc = rig.run(
        "byoc", R"({"gateway":"http://127.0.0.1:1","price_check":"off","price_unseen":"allow","retry_after":"50ms"})",
        byoc_id);
    const auto result = wait(byoc.submit({.orchestrator_id = "orch-1", .address = "https://10.0.0.7:9995"}));
    REQUIRE(result.ok());
    CHECK(result->outcome == STIPEND_JOB_UNKNOWN);
    CHECK(result->reason.starts_with("the gateway fails: POST http://127.0.0.1:1: "));
    CHECK_FALSE(byoc->health().ok());
}

TEST_CASE("price.so quotes what its configuration says") {
    Rig rig;
    const auto price = rig.run("price", R"({"usd_per_eth":2000.0})");
    const auto quote =
        wait(price.begin<Quote, stipend_price_v1>(STIPEND_PRICE, [](const auto& table, auto* i, auto c, auto* e) {
            return table.fetch(i, to_abi("ETH"), to_abi("USD"), 0, c, e);
        }));
    REQUIRE(quote.ok());
    CHECK(quote->mantissa == 200'000'000'000);
    CHECK(quote->exponent == -8);
}

TEST_CASE("alert.so posts a message, follows no redirect, and says how it ended") {
    std::atomic<int> elsewhere{0};
    std::promise<std::string> seen;
    const ScriptedServer channel(serving([&](const std::string& request) {
        if (request.starts_with("POST /good ")) seen.set_value(request);
        if (request.starts_with("POST /good ")) return response(200, "ok");
        if (request.starts_with("POST /moved ")) return response(307, "", "Location: /elsewhere\r\n");
        ++elsewhere;
        return response(500, "");
    }));
    Rig rig;
    const auto deliver = [&](const std::string& path) {
        const auto receiver = rig.run("alert", R"({"url":")" + channel.url(path) + "\"}");
        return wait(
            receiver.begin<NoRecord, stipend_alert_v1>(STIPEND_ALERT, [](const auto& table, auto* i, auto c, auto* e) {
                const FakeAlert alert{.delivery_id = "d1", .alert_id = "gateway", .title = "gateway"};
                const auto raw = alert.raw();
                auto message = make_record<stipend_alert_message>();
                message.alerts = &raw;
                message.count = 1;
                message.stride = sizeof raw;
                return table.deliver(i, &message, c, e);
            }));
    };
    CHECK(deliver("/good").ok());
    CHECK(seen.get_future().get().find(R"("delivery_id":"d1")") != std::string::npos);
    const auto moved = deliver("/moved");
    REQUIRE_FALSE(moved.ok());
    CHECK(moved.error().permanent);
    CHECK(moved.error().message.find("status 307: redirects are not followed") != std::string::npos);
    CHECK(elsewhere == 0);
    const auto broken = deliver("/broken");
    REQUIRE_FALSE(broken.ok());
    CHECK_FALSE(broken.error().permanent);
    CHECK(elsewhere == 1);
}

TEST_CASE("monitor.so sees services that answer, fail, and are not there") {
    const ScriptedServer service(serving([](const std::string& request) {
        return request.starts_with("GET /well ") ? response(200, "ok") : response(500, "broken");
    }));
    Rig rig;
    const auto monitor = rig.run("monitor", "{}", "org.stipend.monitor");
    const auto look = [&](std::string endpoint) {
        const auto seen = wait(monitor.begin<Observation, stipend_monitor_v1>(
            STIPEND_MONITOR,
            [target = FakeTarget{"t", std::move(endpoint), ""}, deadline = rig.clock().monotonic() + 30 * ns_per_s](
                const auto& table, auto* i, auto c, auto* e) {
                const auto raw = target.raw();
                return table.probe(i, &raw, deadline, c, e);
            }));
        REQUIRE_MESSAGE(seen.ok(), (seen.ok() ? "" : seen.error().message));
        return seen->verdict;
    };
    CHECK(look(service.url("/well")) == STIPEND_UP);
    CHECK(look(service.url("/ill")) == STIPEND_DEGRADED);
    CHECK(look("tcp://127.0.0.1:" + std::to_string(service.port())) == STIPEND_UP);
    CHECK(look("tcp://127.0.0.1:1") == STIPEND_DOWN);
    CHECK(look("http://127.0.0.1:1/") == STIPEND_DOWN);
}
