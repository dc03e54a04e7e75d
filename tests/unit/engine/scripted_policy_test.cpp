// What the engine gives a policy, and what it does where the policy fails: with a policy in the test itself.
#include <doctest/doctest.h>

#include "simulation.hpp"
#include "stipend/plugin.hpp"

using namespace engine_test;

namespace {

// What the policy does with a sample, and the samples that it was given, each call one entry.
struct PolicyScript {
    std::function<Result<void>(const stipend_sample&, stipend_decision&)> decide;
    std::vector<stipend_sample> seen;
};
PolicyScript* script = nullptr;

class ScriptedPolicy {
  public:
    static constexpr PluginInfo info{.id = "org.stipend.test.policy", .name = "Policy", .version = "1.0.0"};
    static constexpr std::uint32_t revision = 1;
    static constexpr std::uint32_t memory_version = 1;
    struct Settings {};
    static Result<Settings> parse(const Json&, const stipend_terms&) { return Settings(); }
    ScriptedPolicy(Settings, Host) {}
    Result<void> decide(const stipend_sample& sample, stipend_decision& decision) const {
        script->seen.push_back(sample);
        decision.action = STIPEND_PAY;
        decision.uptime_ppm = sample.reported_ppm;
        decision.multiplier_ppm = 1'000'000;
        decision.amount_usd_e8 = sample.base_usd_e8;
        return script->decide ? script->decide(sample, decision) : Result<void>();
    }
    Result<Bounds> bounds(const stipend_terms& terms) const {
        return Bounds{.max_usd_e8 = terms.base_usd_e8, .min_next_ns = terms.interval_ns};
    }
};

const stipend_entry entry{.lifecycle = &stipend::detail::Library<ScriptedPolicy>::lifecycle};

std::unique_ptr<plugin::PolicyInstance> scripted(PolicyScript& with) {
    script = &with;
    plugin::Description description;
    description.id = ScriptedPolicy::info.id;
    auto policy =
        plugin::PolicyInstance::create(entry, description, "scripted", "test", "{}", plugin::testing::minute_terms());
    REQUIRE_MESSAGE(policy.ok(), (policy.ok() ? "" : policy.error().message));
    return std::move(policy).value();
}

Result<void> install(Simulation& sim, PolicyScript& with, std::vector<registry::Payee> who) {
    auto generation = sim.generation({});
    generation->policies = {scripted(with)};
    STIPEND_TRY(sim.engine().install({generation, std::move(who), {}}, sim.now()));
    sim.engine().tick(sim.now());
    return {};
}

}  // namespace

TEST_CASE("a policy that fails on one sample of a batch is asked for each once more, and holds that one only") {
    PolicyScript policy;
    policy.decide = [](const auto& sample, auto&) -> Result<void> {
        if (sample.reported_ppm == 130'000) return fail(STIPEND_E_INTERNAL, "unlucky");
        return {};
    };
    Simulation sim;
    sim.answer = [](const auto& who, const auto&, auto) {
        return std::pair{good(who.key == "o3" ? "13" : "100"), second};
    };
    REQUIRE(install(sim, policy, payees(4)).ok());
    sim.run_for(10 * second);
    // o1 is decided while the jobs of the others end; then a batch up to the sample that fails, and each by itself.
    CHECK(policy.seen.size() == 1 + 2 + 3);
    CHECK(sim.of("o1").size() == 1);
    CHECK(sim.of("o2").size() == 1);
    CHECK(sim.of("o4").size() == 1);
    CHECK(sim.of("o3").empty());
    CHECK(sim.raised("policy:o3") == 1);
    CHECK(sim.engine().counters().decisions == 3);
    CHECK(sim.engine().counters().paid == 3);
    CHECK(sim.engine().counters().held == 1);
    // The alert ends with the next decision.
    policy.decide = {};
    sim.run_for(60 * second);
    CHECK(sim.of("o3").size() == 1);
    CHECK_FALSE(sim.active("policy:o3"));
    sim.check_ledger();
}

TEST_CASE("eval: a line that has neither latency nor window says nothing of them") {
    PolicyScript script_of_eval;
    const auto policy = scripted(script_of_eval);
    const engine::ReplayTerms terms{60 * second, Usd::of_e8(10 * e8), 2000 * e8};
    payment_test::replay(*policy, R"({"orchestrator":"a","job":"ok","uptime_percent":99}
{"orchestrator":"a","job":"ok","uptime_percent":99,"latency_ms":12,"window_seconds":59}
)",
                         terms);
    REQUIRE(script_of_eval.seen.size() == 2);
    CHECK(script_of_eval.seen[0].latency_ns == 0);
    CHECK(script_of_eval.seen[0].reported_window_s == 0);
    CHECK(script_of_eval.seen[1].latency_ns == 12'000'000);
    CHECK(script_of_eval.seen[1].reported_window_s == 59);
}
