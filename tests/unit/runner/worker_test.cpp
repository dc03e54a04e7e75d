// The routes and jobs of a live runner's worker, and its configuration.
#include "livepeer/evidence.hpp"
#include "orchestrator.hpp"

using namespace runner_worker_test;

namespace {

const std::string is_static = R"(,"register":false)";

std::string complaint(const std::string& more, const std::string& secret = "s") {
    const auto json =
        stipend::parse_json(cat(R"({"orchestrator":"https://127.0.0.1:8935/","secret":")", secret, "\"", more, "}"));
    REQUIRE(json.ok());
    const auto settings = runner::parse_worker_settings(*json);
    return settings ? "accepted" : settings.error().path + ": " + settings.error().message;
}

}  // namespace

TEST_CASE("the routes are below the prefix, and the job's is the app's name or the path") {
    Orchestrator node;
    auto plugin = node.start(R"(,"register":false,"prefix":"/live/","app":"stipend/uptime")");
    CHECK(node.host.routes().list() ==
          std::vector<std::string>{"worker GET /live/health", "worker GET /live/service-status",
                                   "worker GET /live/service-uptime", "worker POST /live/stipend/uptime"});
    Orchestrator other;
    auto second = other.start(R"(,"register":false,"listener":"here","path":"/work")");
    CHECK(other.host.routes().list().back() == "here POST /work");
}

TEST_CASE("a static runner registers nothing, and its health is a 200 whatever its services are") {
    Orchestrator node;
    auto plugin = node.start(is_static);
    node.host.advance(60 * ns_per_s);
    CHECK(node.beats.empty());
    CHECK(Orchestrator::registration(plugin).dump() == R"({"state":"static","health_asked":null})");
    const auto answer = node.host.routes().call({.path = "/health"});
    CHECK(answer.status() == 200);
    CHECK(answer.body() == R"({"status":"ok"})");
    CHECK(Orchestrator::registration(plugin).find("health_asked")->is(Json::Kind::string));
    CHECK(plugin.health().ok());
    plugin.quiesce();
    node.host.settle();
    CHECK(node.unregistered.empty());
}

TEST_CASE("a call is answered in the shape of every worker, with evidence that verifies") {
    Orchestrator node;
    auto plugin = node.start(R"(,"register":false,"orchestrator_id":"orch-1","app":"live-net")");
    const auto answer = node.host.routes().call(
        {.method = "POST",
         .path = "/live-net",
         .body = R"({"agent_id":"orch-1","nonce":"01ab","period_from":"100","period_to":"200","window_seconds":90})"});
    node.host.run();
    REQUIRE(answer.done());
    CHECK(answer.status() == 200);
    const auto json = stipend::parse_json(answer.body());
    CHECK(json->find("capability")->text() == "live-net");
    CHECK(json->find("overall_uptime_percentage")->text() == "99.5");
    const auto good =
        livepeer::check_evidence(*json->find("evidence"),
                                 {.orchestrator_id = "orch-1",
                                  .nonce = "01ab",
                                  .period_from = "100",
                                  .period_to = "200",
                                  .asked_window_s = 90,
                                  .public_key = livepeer::SigningKey::from_seed(seed)->public_hex()},
                                 {.ppm = 995'000, .window_s = 90, .service_list = json->find("service_list")});
    CHECK_MESSAGE(good.ok(), (good ? "" : good.error().message));
    CHECK(node.host.metric("jobs_total") == 1);
}

TEST_CASE("a url that misses the prefix is warned of, and by default it has it") {
    Orchestrator node;
    auto plugin = node.start(R"(,"prefix":"/live","url":"http://w:9876")");
    CHECK(node.host.logged(STIPEND_LOG_WARN, "url is http://w:9876, which does not end with the prefix /live"));
    Orchestrator good;
    auto second = good.start(R"(,"prefix":"/live")");
    CHECK_FALSE(good.host.logged(STIPEND_LOG_WARN, ""));
    CHECK(good.beats.at(0).body.find(R"("runner_url":"http://localhost:9876/live")") != std::string::npos);
}

TEST_CASE("the configuration is refused by the value that is wrong") {
    CHECK(complaint("") == "accepted");
    CHECK(complaint(R"(,"price":"0.000000001","price_unit":"hour","mode":"persistent")") == "accepted");
    CHECK(complaint(R"(,"price":"")") == "accepted");
    CHECK(complaint("", "").starts_with("/secret: missing, want the orchestrator's -orchSecret"));
    CHECK(complaint(is_static, "") == "accepted");
    CHECK(complaint(R"(,"price":"0.0000000001")").starts_with("/price: "));
    CHECK(complaint(R"(,"price":-1)").starts_with("/price: "));
    CHECK(complaint(R"(,"price":"1e3x")").starts_with("/price: "));
    CHECK(complaint(R"(,"price_unit":"day")") == "/price_unit: got \"day\", want fixed, hour or 720p");
    CHECK(complaint(R"(,"mode":"batch")") == "/mode: got \"batch\", want single-shot or persistent");
    CHECK(complaint(R"(,"app":"a b")").starts_with("/app: bad app: got \"a b\""));
    CHECK(complaint(R"(,"app":"a//b")").starts_with("/app: bad path"));
    CHECK(complaint(R"(,"path":"../x")").starts_with("/path: bad path"));
    CHECK(complaint(cat(R"(,"metadata":")", std::string(1025, 'm'), "\"")) ==
          "/metadata: got 1025 bytes, want at most 1024");
    CHECK(complaint(R"(,"label":"a\nb")").starts_with("/label: got 3 bytes"));
    for (const auto* bad : {"live", "/", "//", "/a//b", "/a?b", "/../x"}) {
        CAPTURE(bad);
        CHECK(complaint(cat(R"(,"prefix":")", bad, "\"")) ==
              cat("/prefix: got \"", bad, "\", want nothing, or a path such as /live"));
    }
    CHECK(complaint(R"(,"pin_sha256":"abcd")").starts_with("/pin_sha256: got 4 characters"));
}
