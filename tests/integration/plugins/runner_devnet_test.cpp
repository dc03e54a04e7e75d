// runner.so against the devnet: each way in which an orchestrator, its runner or the signer can fail, over real
// sockets.
#include "rig.hpp"
#include "stipend/json_parse.hpp"
#include "tests/devnet/devnet.hpp"

using namespace plugins_test;
namespace net = stipend::devnet;

namespace {

class RunnerScene {
  public:
    explicit RunnerScene(std::size_t count = 1, net::Settings settings = {}) : devnet_(start(count, settings)) {}

    void fault(std::uint32_t number, const std::string& json) {
        const auto parsed = parse_json(json);
        REQUIRE(parsed.ok());
        const auto change = net::parse_fault(*parsed);
        REQUIRE_MESSAGE(change.ok(), (change.ok() ? "" : change.error().message));
        REQUIRE(devnet_->set_fault({number, number}, *change).ok());
    }
    net::Devnet& devnet() { return *devnet_; }
    Running dispatch(const std::string& more = "") {
        return rig_.run("runner", R"({"timeout":"2s","retry_after":"100ms")" + (more.empty() ? "" : "," + more) + "}",
                        "org.stipend.runner");
    }
    FakeJob job(std::uint32_t number) {
        auto list = devnet_->network().addresses();
        for (std::uint32_t skip = 0; skip < number; ++skip) list = list.substr(list.find(',') + 1);
        FakeJob job;
        job.orchestrator_id = "o" + std::to_string(number);
        job.address = list.substr(0, list.find(','));
        job.flags = STIPEND_JOB_KNOWN;
        return job;
    }

  private:
    static std::unique_ptr<net::Devnet> start(std::size_t count, net::Settings settings) {
        settings.live_runners = true;
        auto started = net::Devnet::start({.settings = settings,
                                           .population = {.count = static_cast<std::uint32_t>(count)},
                                           .orchestrator_listen = std::vector<net::Endpoint>(count)});
        REQUIRE_MESSAGE(started.ok(), (started.ok() ? "" : started.error().message));
        return std::move(*started);
    }

    std::unique_ptr<net::Devnet> devnet_;
    Rig rig_;
};

}  // namespace

TEST_CASE("live runners are measured by TLS at their orchestrators' own addresses") {
    RunnerScene scene(2);
    scene.fault(1, R"({"kind":"uptime","percent":94.999})");
    const auto runner = scene.dispatch();
    for (std::uint32_t number = 0; number < 2; ++number) {
        const auto result = wait(runner.submit(scene.job(number)));
        REQUIRE(result.ok());
        CHECK_MESSAGE(result->outcome == STIPEND_JOB_OK, result->reason);
        CHECK(result->reported_ppm == (number == 1 ? 949'990 : 1'000'000));
        CHECK(result->reported_window_s == 60);
    }
}

TEST_CASE("every way in which an orchestrator or its live runner fails is its own failure") {
    const std::vector<std::pair<std::string, std::string>> ways{
        {R"("down")", "no answer"},
        {R"("blackhole")", "no answer to discovery"},
        {R"("runner_unhealthy")", "it answers and has no runner of agent-net"},
        {R"("runner_full")", "status 503: \"no capacity available for runner\""},
        {R"("worker_refused")", "status 502: \"Post "},
        {R"({"kind":"error","status":500})", "status 500"},
        {R"({"kind":"error","status":503})", "status 503"},
        {R"({"kind":"error","status":404})", "status 404"},
        {R"({"kind":"body","text":"not json"})", "not JSON"},
        {R"("worker_truncated")", "the answer broke off"},
        {R"("hang")", "no answer"},
        {R"("reset")", "no answer"},
        {R"("closed")", "no answer"},
        {R"("cut")", "the answer broke off"},
        {R"("endless")", "the answer broke off"},
        {R"({"kind":"huge","bytes":3000000})", "the answer broke off"},
        {R"({"kind":"price","wei":5000})", "it asks 5000 wei for a call, want at most 0 (max_price)"},
        {R"({"kind":"uptime","missing":true})", ""}};
    RunnerScene scene(ways.size() + 1);
    for (std::uint32_t i = 0; i < ways.size(); ++i) scene.fault(i, ways[i].first);
    const auto runner = scene.dispatch();
    std::vector<std::future<Result<JobResult>>> results;
    for (std::uint32_t i = 0; i < ways.size(); ++i) results.push_back(runner.submit(scene.job(i)));
    for (std::uint32_t i = 0; i < ways.size(); ++i) {
        CAPTURE(ways[i].first);
        const auto result = wait(std::move(results[i]));
        REQUIRE_MESSAGE(result.ok(), (result.ok() ? "" : result.error().message));
        CHECK_MESSAGE(result->outcome == STIPEND_JOB_FAILED, result->reason);
        CHECK_MESSAGE(result->reason.find(ways[i].second) == 0, result->reason);
    }
    const auto last = wait(runner.submit(scene.job(static_cast<std::uint32_t>(ways.size()))));
    REQUIRE(last.ok());
    CHECK(last->outcome == STIPEND_JOB_OK);
}

TEST_CASE("an orchestrator that restarts between two calls is answered on the second try") {
    RunnerScene scene(1);
    const auto runner = scene.dispatch();
    auto job = scene.job(0);
    job.period_to = 60 * ns_per_s;
    CHECK(wait(runner.submit(job))->outcome == STIPEND_JOB_OK);
    scene.fault(0, R"({"kind":"crash","for":"1200ms"})");
    const auto result = wait(runner.submit(job));
    REQUIRE(result.ok());
    CHECK_MESSAGE(result->outcome == STIPEND_JOB_OK, result->reason);
}

TEST_CASE("a node without live runners is named as such") {
    auto started = net::Devnet::start({.population = {.count = 1}, .orchestrator_listen = {net::Endpoint{}}});
    REQUIRE(started.ok());
    Rig rig;
    const auto runner = rig.run("runner", R"({"retry_after":"10ms"})", "org.stipend.runner");
    FakeJob job;
    job.orchestrator_id = "o0";
    job.address = (*started)->network().addresses();
    const auto result = wait(runner.submit(job));
    REQUIRE(result.ok());
    CHECK(result->outcome == STIPEND_JOB_FAILED);
    CHECK_MESSAGE(result->reason.find("live runners are not supported") != std::string::npos, result->reason);
}
