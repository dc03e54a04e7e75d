// The worker's routes and jobs.
#include "neighbourhood.hpp"

using namespace byoc_worker_test;

namespace {

const std::string no_register = R"(,"register":false)";
const std::string key = livepeer::SigningKey::from_seed(seed)->public_hex();

}  // namespace

TEST_CASE("the routes are those of the capability, on the listener of the configuration") {
    Neighbourhood near;
    auto plugin = near.start(R"(,"register":false,"listener":"here","capability":"other-net")");
    CHECK(near.host.routes().list() == std::vector<std::string>{"here GET /health", "here GET /service-status",
                                                                "here GET /service-uptime", "here POST /other-net"});
}

TEST_CASE("health is ok independent of the services") {
    Neighbourhood near;
    auto plugin = near.start(no_register);
    near.services_status = STIPEND_E_UNAVAILABLE;
    const auto answer = near.host.routes().call({.path = "/health"});
    CHECK(answer.status() == 200);
    CHECK(answer.body() == R"({"status":"ok"})");
    CHECK(answer.header("content-type") == "application/json");
}

TEST_CASE("the status has each service, the summary, the discoveries and the key") {
    Neighbourhood near;
    auto plugin = near.start(no_register);
    near.services[1].verdict = STIPEND_DOWN;
    near.services[1].up_ppm = 428'571;
    near.services[1].why = R"({"state":"exited","exit_code":137})";
    const auto status = near.get("/service-status");
    CHECK(text_of(status, "timestamp") == "2025-08-18T15:26:03.120Z");
    const auto& services = *status.find("services");
    CHECK(
        services.find("redis_scb")
            ->dump()
            .starts_with(
                R"({"status":"running","running":true,"uptime_percentage":100.0,"checks_count":6,"health":"healthy",)"));
    CHECK(
        services.find("scb_gateway")
            ->dump()
            .starts_with(
                R"({"status":"exited","running":false,"uptime_percentage":42.8571,"checks_count":6,"health":"none",)"));
    CHECK(text_of(status, "monitored_count") == "2");
    CHECK(
        text_of(status, "summary") ==
        R"({"overall_uptime":71.4285,"services_up":1,"services_down":1,"total_services":2,"eligible_for_payment":false,"min_uptime_required":80.0})");
    CHECK(text_of(status, "discovered") == R"([{"name":"neurosync_s1","why":"label stipend.monitor=true"}])");
    CHECK(text_of(status, "worker_key") == key);
    CHECK(status.find("error") == nullptr);
}

TEST_CASE("an unreachable engine is an error beside the figures") {
    Neighbourhood near;
    auto plugin = near.start(no_register);
    near.error = "docker.sock: connection refused";
    CHECK(text_of(near.get("/service-status"), "error") == "docker.sock: connection refused");
    CHECK(text_of(near.get("/service-uptime"), "error") == "docker.sock: connection refused");
}

TEST_CASE("the window of the uptime is up to seven days, by default the configured one") {
    Neighbourhood near;
    auto plugin = near.start(R"(,"register":false,"window":"90s")");
    const auto uptime = near.get("/service-uptime");
    CHECK(text_of(uptime, "overall_uptime_percentage") == "100.0");
    CHECK(text_of(uptime, "services_up") == "2");
    CHECK(text_of(uptime, "services_down") == "0");
    CHECK(text_of(uptime, "total_services") == "2");
    CHECK(text_of(uptime, "eligible_for_payment") == "true");
    CHECK(text_of(uptime, "min_uptime_required") == "80.0");
    near.get("/service-uptime", "window_seconds=604800");
    near.get("/service-uptime", "a=b&window_seconds=1");
    CHECK(near.windows == std::vector<std::uint32_t>{90, 604'800, 1});
    for (const auto* bad : {"0", "604801", "-1", "1.5", "x", ""}) {
        CHECK(text_of(near.get("/service-uptime", cat("window_seconds=", bad), 400), "error") ==
              cat("window_seconds: got ", bad, ", want 1 .. 604800"));
        near.get("/service-status", cat("window_seconds=", bad), 400);
    }
    CHECK(near.windows.size() == 3);
}

TEST_CASE("without a report on the services every answer is an error") {
    Neighbourhood near;
    auto plugin = near.start(no_register);
    near.services_status = STIPEND_E_UNAVAILABLE;
    near.get("/service-status", "", 503);
    CHECK(text_of(near.get("/service-uptime", "", 503), "error") == "no report on the services: status -7");
    CHECK(near.job("{}").status() == 503);
}

TEST_CASE("a job is answered in the established format and logged in one line") {
    Neighbourhood near;
    auto plugin = near.start(no_register);
    near.services[0].up_ppm = 791'666;
    near.services[0].not_up_since = 1'755'530'740'000'000'000;
    near.services[0].not_up_ns = 12'500'000'000;
    const auto answer = near.job(R"({"action":"service-monitoring","agent_id":"orch-1","window_seconds":300})");
    CHECK(answer.status() == 200);
    CHECK(
        answer.body() ==
        R"({"status":"success","agent_id":"orch-1","capability":"agent-net","timestamp":1755530763.120,"overall_uptime_percentage":89.5833,"window_seconds":300,"services":{"total":2,"up":2,"down":0,"uptime_percentage":89.5833,"eligible_for_payment":true},"down":[{"name":"redis_scb","since":"2025-08-18T15:25:40.000Z","seconds":12.5}],"model_name":"Services: 2/2 up","vram_usage_mb":89.5833,"total_models":2,"gpu_count":1,"coverage_percentage":100.0,"service_list":[{"name":"redis_scb","verdict":"up","uptime_percentage":79.1666,"coverage_percentage":100.0},{"name":"scb_gateway","verdict":"up","uptime_percentage":100.0,"coverage_percentage":100.0}]})");
    CHECK(answer.header("content-type") == "application/json");
    CHECK(
        answer.header("x-metadata") ==
        R"({"capability":"agent-net","agent_id":"orch-1","timestamp":1755530763.120,"uptime":89.5833,"eligible":true})");
    CHECK(near.host.logged(STIPEND_LOG_INFO,
                           "job from 192.0.2.9:40000: agent_id orch-1, uptime 89.5833 %, window 300 s"));
    CHECK(near.host.metric("jobs_total") == 1);
    CHECK(near.host.metric("jobs_refused_total") == 0);
}

TEST_CASE("agent_id and window_seconds of a job are optional") {
    Neighbourhood near;
    auto plugin = near.start(no_register);
    const auto json = stipend::parse_json(near.job("{}").body());
    CHECK(text_of(*json, "agent_id") == "agent-net-001");
    CHECK(text_of(*json, "window_seconds") == "60");
    CHECK(json->find("evidence") == nullptr);
}

TEST_CASE("an invalid job is rejected with the reason") {
    Neighbourhood near;
    auto plugin = near.start(no_register);
    const auto complaint = [&](const std::string& body) {
        const auto answer = near.job(body);
        CHECK(answer.status() == 400);
        return text_of(*stipend::parse_json(answer.body()), "error");
    };
    CHECK(complaint("").starts_with("not JSON at byte 0"));
    CHECK(complaint("{\"a\":").starts_with("not JSON"));
    CHECK(complaint("[]") == "the job: got an array, want an object");
    CHECK(complaint(R"({"agent_id":7})") == "agent_id: got a number, want a string");
    CHECK(complaint(cat(R"({"agent_id":")", std::string(257, 'a'), "\"}")) ==
          "agent_id: got 257 bytes, want at most 256");
    CHECK(complaint(R"({"window_seconds":"60"})") == "window_seconds: got a string, want a number");
    CHECK(complaint(R"({"window_seconds":0})") == "window_seconds: got 0, want 1 .. 604800");
    CHECK(complaint(R"({"window_seconds":604801})") == "window_seconds: got 604801, want 1 .. 604800");
    CHECK(complaint(R"({"window_seconds":59.5})") == "window_seconds: got 59.5, want 1 .. 604800");
    CHECK(complaint(R"({"nonce":"xyz"})") == "nonce: got \"xyz\", want 2 to 128 hex digits");
    CHECK(complaint(cat(R"({"nonce":")", std::string(130, 'a'), "\"}")).starts_with("nonce: got "));
    CHECK(complaint(R"({"nonce":"00","period_from":"1\n2"})") == "period_from: got \"1?2\", want 1 to 19 digits");
    CHECK(complaint(R"({"nonce":"00","period_to":5})") == "period_to: got a number, want nanoseconds in a string");
    CHECK(near.windows.empty());
    CHECK(near.host.metric("jobs_refused_total") == 13);
}

TEST_CASE("a wrong bearer token is rejected with 403, since 401 would remove the capability") {
    Neighbourhood near;
    auto plugin = near.start(R"(,"register":false,"token":"wtok")");
    for (const auto* header : {"", "authorization: Bearer wto\r\n", "authorization: Bearer wtok2\r\n",
                               "authorization: wtok\r\n", "authorization: Basic wtok\r\n"}) {
        CHECK(near.job("{}", header).status() == 403);
    }
    CHECK(near.host.metric("jobs_refused_total") == 5);
    CHECK(near.job("{}", "authorization: Bearer wtok\r\n").status() == 200);
    near.get("/service-uptime");  // for people: without the token
}

TEST_CASE("a job beyond the capacity is rejected, and the others are answered") {
    Neighbourhood near;
    auto plugin = near.start(R"(,"register":false,"capacity":2)");
    const auto call = [&] { return near.host.routes().call({.method = "POST", .path = "/agent-net", .body = "{}"}); };
    const auto first = call();
    const auto second = call();
    const auto third = call();
    CHECK_FALSE(first.done());
    REQUIRE(third.done());
    CHECK(third.status() == 503);
    CHECK(third.body() == R"({"error":"2 jobs are in hand, which is the capacity"})");
    near.host.run();
    CHECK(first.status() == 200);
    CHECK(second.status() == 200);
    CHECK(near.job("{}").status() == 200);
}

TEST_CASE("a job with a nonce is answered with evidence that verifies") {
    Neighbourhood near;
    auto plugin = near.start(R"(,"register":false,"orchestrator_id":"orch-1")");
    const auto answer = near.job(R"({"nonce":"01ab","period_from":"100","period_to":"200","window_seconds":90})");
    const auto json = stipend::parse_json(answer.body());
    REQUIRE(json->find("evidence") != nullptr);
    const livepeer::EvidenceWanted wanted{.orchestrator_id = "orch-1",
                                          .nonce = "01ab",
                                          .period_from = "100",
                                          .period_to = "200",
                                          .asked_window_s = 90,
                                          .public_key = key};
    const auto good =
        livepeer::check_evidence(*json->find("evidence"), wanted,
                                 {.ppm = 1'000'000, .window_s = 90, .service_list = json->find("service_list")});
    CHECK_MESSAGE(good.ok(), (good ? "" : good.error().message));
    CHECK(text_of(*json->find("evidence"), "services_sha256") ==
          livepeer::services_hash({{"redis_scb", 1'000'000}, {"scb_gateway", 1'000'000}}));
}

TEST_CASE("a key is generated once and stored") {
    Neighbourhood near;
    FakeHost& host = near.host;
    const auto config = cat(R"({"orchestrator":")", orchestrator, R"(","register":false})");
    const auto start = [&] {
        auto plugin = host.create<byoc::Worker>(config);
        REQUIRE(plugin.start().ok());
        host.run();
        return text_of(*stipend::parse_json(*plugin.report()), "worker_key");
    };
    const auto first = start();
    CHECK(first.size() == 64);
    CHECK(first != key);
    CHECK(start() == first);
    CHECK(host.values().count("key_seed") == 1);
    host.values().erase("key_seed");
    CHECK(start() != first);
}

TEST_CASE("a broken stored key is not replaced, and jobs are answered unsigned") {
    Neighbourhood near;
    near.host.values()["key_seed"] = "broken";
    auto plugin = near.host.create<byoc::Worker>(cat(R"({"orchestrator":")", orchestrator, R"(","register":false})"));
    REQUIRE(plugin.start().ok());
    near.host.run();
    CHECK(near.host.values()["key_seed"] == "broken");
    CHECK(near.host.logged(STIPEND_LOG_ERROR, "no evidence is signed: the key that was kept: not a key"));
    CHECK_FALSE(plugin.health().ok());
    const auto json = stipend::parse_json(near.job(R"({"nonce":"01ab"})").body());
    CHECK(json->find("evidence") == nullptr);
}

TEST_CASE("start fails without routes, or if a route is in use") {
    Neighbourhood near;
    near.host.withhold(STIPEND_HOST_ROUTES);
    auto plugin = near.make();
    CHECK(plugin.start().error().message == "this host offers no routes");
    Neighbourhood taken;
    taken.host.routes().refuse(STIPEND_E_CONFLICT);
    auto second = taken.make();
    CHECK(second.start().error().message == "route refused: GET /health on worker: another instance has it");
}

TEST_CASE("the report has the orchestrator and the number of jobs") {
    Neighbourhood near;
    auto plugin = near.start();
    near.job("{}");
    near.job("[]");
    const auto report = stipend::parse_json(*plugin.report());
    CHECK(text_of(*report, "capability") == "agent-net");
    CHECK(text_of(*report, "orchestrator_id") == "127.0.0.1:9995");
    CHECK(text_of(*report, "worker_key") == key);
    CHECK(text_of(*report, "jobs") == "1");
    CHECK(text_of(*report, "jobs_refused") == "1");
    CHECK(text_of(*report->find("registration"), "state") == "registered");
}

TEST_CASE("a refused registration is an alert at once, an orchestrator that is away after a minute") {
    Neighbourhood near;
    near.register_answer = FakeReply::answer(400, "invalid authorization\n");
    auto plugin = near.start();
    CHECK(near.host.alerts().at("registration") ==
          "agent-net is not registered with https://127.0.0.1:9995: wrong secret: it is to be the orchestrator's "
          "-orchSecret");
    near.register_answer = ok();
    near.host.advance(31 * ns_per_s);
    CHECK(near.host.alerts().empty());
    Neighbourhood away;
    away.register_answer = refused();
    auto second = away.start();
    away.host.advance(30 * ns_per_s);
    CHECK(away.host.alerts().empty());
    away.host.advance(91 * ns_per_s);
    CHECK(away.host.alerts().count("registration") == 1);
    // Another instance of the same name resolves what this one raised.
    away.register_answer = ok();
    second.quiesce();
    auto third = away.start();
    CHECK(away.host.alerts().empty());
}
