// byoc.so against the devnet: each way in which an orchestrator or the gateway can fail, over real sockets.
#include <map>

#include "rig.hpp"
#include "stipend/json_parse.hpp"
#include "tests/devnet/devnet.hpp"

using namespace plugins_test;
namespace net = stipend::devnet;

namespace {

constexpr std::uint32_t unlisted = STIPEND_RESULT_UNLISTED;
constexpr std::uint32_t answered_for = STIPEND_RESULT_ANSWERED;

class Scene {
  public:
    explicit Scene(net::Options options = {}) : devnet_(start(std::move(options))) {}

    void fault(std::uint32_t number, const std::string& json) {
        const auto parsed = parse_json(json);
        REQUIRE(parsed.ok());
        const auto change = net::parse_fault(*parsed);
        REQUIRE_MESSAGE(change.ok(), (change.ok() ? "" : change.error().message));
        REQUIRE(devnet_->network().apply({number, number}, *change).ok());
    }
    net::Devnet& devnet() { return *devnet_; }
    Running dispatch(const std::string& more = "") {
        return rig_.run("byoc",
                        R"({"gateway":")" + devnet_->gateway_url() +
                            // Orchestrators without listeners are names: no price of them can be seen.
                            R"(","timeout":"1s","retry_after":"100ms","price_unseen":"allow")" +
                            (more.empty() ? "" : "," + more) + "}",
                        "org.stipend.byoc");
    }
    static FakeJob job(std::uint32_t number, std::uint32_t flags = STIPEND_JOB_KNOWN) {
        FakeJob job;
        job.orchestrator_id = "o" + std::to_string(number);
        job.address = net::made_address(number, 9995);
        job.flags = flags;
        return job;
    }

  private:
    static std::unique_ptr<net::Devnet> start(net::Options options) {
        auto started = net::Devnet::start(std::move(options));
        REQUIRE_MESSAGE(started.ok(), (started.ok() ? "" : started.error().message));
        return std::move(*started);
    }

    std::unique_ptr<net::Devnet> devnet_;
    Rig rig_;
};

}  // namespace

TEST_CASE("healthy orchestrators are measured, whichever spelling the gateway's pool has, by both eras of it") {
    for (const auto era : {net::Era::head, net::Era::v0_8_7}) {
        Scene scene({.settings = {.era = era}, .population = {.count = 4, .slash_every = 2}});
        scene.fault(2, R"({"kind":"uptime","percent":94.999})");
        const auto byoc = scene.dispatch();
        for (std::uint32_t number = 0; number < 4; ++number) {
            const auto result = wait(byoc.submit(Scene::job(number, 0)));
            REQUIRE(result.ok());
            CHECK_MESSAGE(result->outcome == STIPEND_JOB_OK, result->reason);
            CHECK(result->flags == (STIPEND_RESULT_REPORTED | answered_for));
            CHECK(result->reported_ppm == (number == 2 ? 949'990 : 1'000'000));
            CHECK(result->reported_window_s == 60);
        }
    }
}

TEST_CASE("every way in which an orchestrator fails, or makes the gateway look ill, is its own failure") {
    const std::vector<std::string> ways{R"("down")",
                                        R"("blackhole")",
                                        R"({"kind":"error","status":500})",
                                        R"({"kind":"error","status":429})",
                                        R"("gateway_text")",
                                        R"({"kind":"body","text":"{\"service_uptime\":150}"})",
                                        R"({"kind":"body","text":"not json"})",
                                        R"("worker_truncated")",
                                        R"("empty200")",
                                        R"("truncated")",
                                        R"("reset")",
                                        R"("closed")",
                                        R"("cut")",
                                        R"("header_flood")",
                                        R"({"kind":"another","orchestrator":30})",
                                        R"({"kind":"huge","bytes":3000000})",
                                        R"({"kind":"price","wei":5000})",
                                        R"("hang")",
                                        R"("stall")",
                                        R"("endless")",
                                        R"("unfinished_stream")",
                                        R"("capability_lost")",
                                        R"({"kind":"uptime","raw":"\"95\""})",
                                        R"({"kind":"uptime","raw":"null"})",
                                        R"({"kind":"uptime","missing":true})"};
    Scene scene({.population = {.count = 31}});
    for (std::uint32_t i = 0; i < ways.size(); ++i) scene.fault(i, ways[i]);
    const auto byoc = scene.dispatch();
    std::vector<std::future<Result<JobResult>>> results;
    for (std::uint32_t i = 0; i < ways.size(); ++i) results.push_back(byoc.submit(Scene::job(i)));
    for (std::uint32_t i = 0; i < ways.size(); ++i) {
        CAPTURE(ways[i]);
        const auto result = wait(std::move(results[i]));
        REQUIRE_MESSAGE(result.ok(), (result.ok() ? "" : result.error().message));
        CHECK_MESSAGE(result->outcome == STIPEND_JOB_FAILED, result->reason);
    }
}

TEST_CASE("an orchestrator that the gateway does not know is held once, and failed where it was known") {
    Scene scene({.population = {.count = 2}});
    scene.fault(0, R"("unknown")");
    const auto byoc = scene.dispatch();
    const auto fresh = wait(byoc.submit(Scene::job(0, 0)));
    REQUIRE(fresh.ok());
    CHECK(fresh->outcome == STIPEND_JOB_UNKNOWN);
    CHECK(fresh->flags == unlisted);
    const auto known = wait(byoc.submit(Scene::job(0)));
    REQUIRE(known.ok());
    CHECK(known->outcome == STIPEND_JOB_FAILED);
}

TEST_CASE("a worker that imitates the gateway's text is recognised even where it was never known") {
    Scene scene({.population = {.count = 1}});
    scene.fault(0, R"("gateway_text")");
    const auto byoc = scene.dispatch();
    const auto result = wait(byoc.submit(Scene::job(0, 0)));
    REQUIRE(result.ok());
    CHECK(result->outcome == STIPEND_JOB_FAILED);
    CHECK(result->flags == answered_for);
}

TEST_CASE("a fault of the gateway itself is no orchestrator's") {
    for (const auto kind :
         {net::GatewayFaultKind::down, net::GatewayFaultKind::error, net::GatewayFaultKind::malformed}) {
        Scene scene({.population = {.count = 1}});
        const auto byoc = scene.dispatch();
        scene.devnet().set_gateway({.kind = kind});
        const auto result = wait(byoc.submit(Scene::job(0)));
        REQUIRE(result.ok());
        CHECK_MESSAGE(result->outcome == STIPEND_JOB_UNKNOWN, result->reason);
        CHECK_FALSE(byoc->health().ok());
        scene.devnet().set_gateway({});
        const auto later = wait(byoc.submit(Scene::job(0)));
        REQUIRE(later.ok());
        CHECK(later->outcome == STIPEND_JOB_OK);
        CHECK(byoc->health().ok());
    }
}

TEST_CASE("the price of an orchestrator that this host reaches is seen before a job goes out") {
    Scene scene({.settings = {.every_sender_has_reserve = true},
                 .population = {.count = 1},
                 .orchestrator_listen = {net::Endpoint{}}});
    const auto byoc = scene.dispatch();
    auto job = Scene::job(0);
    job.address = scene.devnet().network().addresses();
    CHECK(wait(byoc.submit(job))->outcome == STIPEND_JOB_OK);
    scene.fault(0, R"({"kind":"price","wei":5000})");
    const auto fresh = scene.dispatch(R"("price_check":"1s")");
    const auto result = wait(fresh.submit(job));
    REQUIRE(result.ok());
    CHECK(result->outcome == STIPEND_JOB_FAILED);
    CHECK(result->reason == "it asks 5000 wei per second, want at most 0 (max_price_per_second) (twice)");
    const auto offer = wait(
        fresh.begin<Offer, stipend_dispatch_v1>(STIPEND_DISPATCH, [&](const auto& table, auto* i, auto c, auto* e) {
            return table.inspect(i, to_abi(job.address), to_abi("agent-net"), c, e);
        }));
    REQUIRE(offer.ok());
    CHECK(offer->reachable);
    CHECK(offer->announced_address == job.address);
}
