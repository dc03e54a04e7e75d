// Payees whose jobs are sent by several dispatchers, and those that move from one to another.
#include "host/config/plugin_config.hpp"
#include "host/engine/manager_plan.hpp"
#include "simulation.hpp"
#include "stipend/json_parse.hpp"

using namespace engine_test;
using namespace stipend::api;

namespace {

// `names`: the dispatcher of each payee.
std::vector<registry::Payee> sent_by(const std::vector<std::string>& names) {
    auto out = payees(static_cast<int>(names.size()));
    for (std::size_t at = 0; at < names.size(); ++at) out[at].dispatch = names[at];
    return out;
}

Result<ledger::GenerationId> install(Simulation& sim, const std::vector<std::string>& names) {
    const auto installed = sim.engine().install({.generation = sim.generation({}),
                                                 .payees = sent_by(names),
                                                 .own = {},
                                                 .networks = {},
                                                 .dispatchers = {names.begin(), names.end()}},
                                                sim.now());
    if (installed) sim.engine().tick(sim.now());
    return installed;
}

// As the manager does: a result names the dispatcher that had the job.
JobResult by(JobResult result, const registry::Payee& who) {
    result.dispatch = who.dispatch;
    return result;
}

HealthState gateway(Simulation& sim) {
    return sim.engine().health(sim.now())[of_gateway].state;
}

}  // namespace

TEST_CASE("a dispatcher that judges by witnesses and names none gets the manager's, those that it can look at") {
    const std::string schema = R"({"properties":{"witness":{"type":"array","format":"own-witness"},"app":{}}})";
    const auto tree = [](const std::string& text) {
        return std::make_shared<const config::Node>(config::from_json(*parse_json(text)));
    };
    config::Settings settings;
    const auto got = [&](const std::string& stated, const std::string& by_schema) {
        return config::plugin_json(engine::with_own_witness(settings, tree(stated), by_schema));
    };
    CHECK(got(R"({"app":"a"})", schema) == R"({"app":"a"})");
    settings.witness = {"https://a.example/?q", "192.0.2.53:53", "container://db"};
    CHECK(got(R"({"app":"a"})", schema) == R"({"app":"a","witness":["https://a.example/?q","tcp://192.0.2.53:53"]})");
    CHECK(config::plugin_json(engine::with_own_witness(settings, nullptr, schema)) ==
          R"({"witness":["https://a.example/?q","tcp://192.0.2.53:53"]})");
    // Its own count, also where it wants none; and one without such an option gets nothing.
    CHECK(got(R"({"witness":["http://b.example"]})", schema) == R"({"witness":["http://b.example"]})");
    CHECK(got(R"({"witness":[]})", schema) == R"({"witness":[]})");
    CHECK(got("{}", R"({"properties":{"witness":{"type":"array"}}})") == "{}");
    CHECK(got("{}", "") == "{}");
}

TEST_CASE("what one dispatcher goes through fails: those of another are paid, and the alert names it") {
    Simulation sim;
    std::string broken = "runner";
    sim.answer = [&](const registry::Payee& who, const JobSpec&, auto) {
        return std::pair{by(who.dispatch == broken ? unknown() : good("100"), who), second};
    };
    REQUIRE(install(sim, {"", "runner"}).ok());
    sim.run_for(200 * second);
    CHECK(sim.of("o1").size() >= 3);
    CHECK(sim.of("o2").empty());
    CHECK((sim.active("gateway:runner") && !sim.active("gateway")));
    CHECK(sim.raised("gateway:runner") == 1);
    const auto raised = std::ranges::find_if(sim.alerts, [](const Alert& one) { return one.id == "gateway:runner"; });
    REQUIRE(raised != sim.alerts.end());
    CHECK(raised->text == "payments by the dispatcher runner are on hold: the gateway cannot be used: gateway down");
    CHECK(gateway(sim) == HealthState::degraded);
    broken.clear();
    sim.run_for(200 * second);
    CHECK((sim.active("gateway") && !sim.active("gateway:runner")));
    CHECK(gateway(sim) == HealthState::degraded);
    broken = "none";
    sim.run_for(200 * second);
    CHECK(gateway(sim) == HealthState::ok);
    sim.check_ledger();
}

TEST_CASE("an alert about a dispatcher ends when nothing is sent by it any more") {
    Simulation sim;
    sim.answer = [](const registry::Payee& who, const JobSpec&, auto) {
        return std::pair{by(who.dispatch.empty() ? good("100") : unknown(), who), second};
    };
    REQUIRE(install(sim, {"", "runner"}).ok());
    sim.run_for(70 * second);
    CHECK(sim.active("gateway:runner"));
    REQUIRE(install(sim, {"", ""}).ok());
    CHECK_FALSE(sim.active("gateway:runner"));
    sim.run_for(200 * second);
    CHECK(sim.of("o2").size() >= 2);
    CHECK(gateway(sim) == HealthState::ok);
}

TEST_CASE("one that moves keeps its epochs, counts and due times; no generation begins") {
    Simulation sim;
    bool fails = false;
    sim.answer = [&](const registry::Payee& who, const JobSpec&, auto) {
        return std::pair{by(fails ? bad() : good("100"), who), second};
    };
    const auto first = install(sim, {"", "runner"});
    REQUIRE(first.ok());
    sim.run_for(130 * second);
    fails = true;
    sim.run_for(100 * second);
    const auto before = sim.state("o2");
    CHECK((before.epoch >= 3 && before.consecutive_failures >= 1));
    const auto moved = install(sim, {"runner", ""});
    REQUIRE(moved.ok());
    CHECK(*moved == *first);
    CHECK(sim.engine().moved() == 2);
    const auto after = sim.state("o2");
    CHECK((after.epoch == before.epoch && after.due_at == before.due_at));
    CHECK((after.consecutive_failures == before.consecutive_failures && after.checks_total == before.checks_total));
    fails = false;
    sim.run_for(3000 * second);
    for (const auto* key : {"o1", "o2"}) {
        std::uint64_t epoch = 0;
        for (const auto& line : sim.of(key)) CHECK(line.decision.epoch == ++epoch);
        CHECK(epoch >= 5);
    }
    CHECK(sim.state("o2").consecutive_failures == 0);
    sim.check_ledger();
    sim.restart(second);
    REQUIRE(install(sim, {"runner", ""}).ok());
    CHECK(sim.engine().moved() == 0);
}

TEST_CASE("a job that is under way at a move counts, and raises no alert about what its orchestrator left") {
    Simulation sim;
    bool slow = true;
    sim.answer = [&](const registry::Payee& who, const JobSpec&, auto) {
        if (!slow) return std::pair{by(good("100"), who), second};
        return std::pair{by(who.key == "o1" ? good("50") : unknown("the old way"), who), 30 * second};
    };
    REQUIRE(install(sim, {"runner", "runner"}).ok());
    sim.run_for(10 * second);
    slow = false;
    REQUIRE(install(sim, {"", ""}).ok());
    sim.run_for(25 * second);
    REQUIRE(sim.of("o1").size() == 1);
    CHECK(sim.of("o1").front().decision.uptime_ppm == 500'000);  // of the one that had it
    CHECK((!sim.active("gateway") && !sim.active("gateway:runner")));
    CHECK(sim.of("o2").empty());
    sim.run_for(120 * second);
    CHECK(sim.of("o2").size() >= 1);
    for (const auto& [at, job] : sim.jobs) CHECK(job.epoch <= 4);
    sim.check_ledger();
}
