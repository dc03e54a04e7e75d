#include "host/engine/pardon.hpp"

#include <cstring>

#include "host/base/time.hpp"
#include "simulation.hpp"
#include "stipend/plugin.hpp"

using namespace engine_test;

namespace {

// A check is good only where the host's own monitors saw all of the period.
class WatchedOnly {
  public:
    static constexpr PluginInfo info{.id = "org.stipend.test.watched", .name = "Watched", .version = "1.0.0"};
    static constexpr std::uint32_t revision = 1;
    static constexpr std::uint32_t memory_version = 1;
    struct Settings {};
    static Result<Settings> parse(const Json&, const stipend_terms&) { return Settings(); }
    explicit WatchedOnly(Settings) {}
    Result<void> decide(const stipend_sample& sample, stipend_decision& decision) const {
        const bool good = sample.job == STIPEND_JOB_OK && (sample.flags & STIPEND_SAMPLE_OBSERVED) != 0 &&
                          sample.coverage_ppm == 1'000'000;
        decision.action = STIPEND_SKIP;
        decision.consecutive_failures = good ? 0 : sample.consecutive_failures + 1;
        decision.delay_ns = good ? 0 : 600 * second;
        set_text(decision.tier, good ? "good" : "bad");
        return {};
    }
    [[nodiscard]] Result<Bounds> bounds(const stipend_terms& terms) const { return Bounds{{}, terms.interval_ns}; }
};

PardonRequest request_of(stipend_unix_ns from, stipend_unix_ns to) {
    return {{.orchestrator = "o1", .from = from, .to = to, .reason = "our resolver was down", .by = "me"}};
}

Result<ledger::Pardoned> plan(Simulation& sim, stipend_unix_ns from, stipend_unix_ns to) {
    const auto payee = *sim.engine().payees().find("o1");
    auto history = sim.ledger().pardon_history(sim.engine().payees()[payee].id, from, to);
    if (!history) return std::move(history).error();
    return sim.engine().plan_pardon(request_of(from, to), payee, *history, sim.now());
}

ledger::Pardon must_pardon(Simulation& sim, stipend_unix_ns from, stipend_unix_ns to) {
    auto planned = plan(sim, from, to);
    REQUIRE_MESSAGE(planned.ok(), (planned.ok() ? "" : planned.error().message));
    const auto row = planned->row;
    int answers = 0;
    sim.engine().pardon(
        {*planned}, {},
        [&](const Result<void>& done) {
            CHECK(done.ok());
            ++answers;
        },
        sim.now());
    sim.run_for(sim.commit_takes_ns * 2);
    CHECK(answers == 1);
    return row;
}

void run_until_decided(Simulation& sim, std::size_t count) {
    while (sim.of("o1").size() < count) sim.run_for(second);
}

// Fails in the epochs from `first` to `last`.
auto bad_from_to(std::uint64_t first, std::uint64_t last) {
    return [first, last](const auto&, const JobSpec& job, auto) {
        return std::pair{job.epoch >= first && job.epoch <= last ? bad() : good("100"), second / 10};
    };
}

void check_same(const ledger::EngineState& a, const ledger::EngineState& b) {
    CHECK(a.consecutive_failures == b.consecutive_failures);
    CHECK(a.suspended == b.suspended);
    CHECK(a.checks_total == b.checks_total);
    CHECK(a.checks_ok == b.checks_ok);
    CHECK(std::memcmp(&a.memory, &b.memory, sizeof a.memory) == 0);
}

}  // namespace

TEST_CASE("a pardon takes back count and wait, and the next check is due at once") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(2)).ok());
    sim.answer = bad_from_to(3, 5);
    run_until_decided(sim, 5);
    const auto before = sim.state("o1");
    CHECK(before.consecutive_failures == 3);
    REQUIRE(before.due_at > sim.now() + 60 * second);
    const auto others = sim.state("o2");
    const auto row = must_pardon(sim, start_of_time + 61 * second, sim.now());
    CHECK(row.checks == 3);
    CHECK(row.failures_before == 3);
    CHECK(row.due_after >= row.at);
    const auto after = sim.state("o1");
    CHECK(after.consecutive_failures == 0);
    CHECK(after.checks_total == 2);
    CHECK(after.checks_ok == 2);
    CHECK(after.epoch == before.epoch);
    check_same(sim.state("o2"), others);
    sim.run_for(second);
    const auto lines = sim.of("o1");
    REQUIRE(lines.size() == 6);
    CHECK(lines[5].decision.action == ledger::Action::pay);
    CHECK(lines[5].decision.due_at == row.due_after);
    CHECK(lines[5].decision.period_from >= lines[4].decision.decided_at);
    sim.check_ledger();
}

TEST_CASE("time that an adjustment paid is not decided after a pardon") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(1)).ok());
    sim.answer = bad_from_to(1, 3);
    run_until_decided(sim, 3);
    sim.run_for(20 * second);
    const auto paid_to = sim.now() - 5 * second;
    ledger::Batch batch;
    batch.adjustments = {
        {.key = "a", .orchestrator = 1, .from = start_of_time, .to = paid_to, .reason = "ours", .by = "me"}};
    REQUIRE(sim.ledger().commit(batch).ok());
    const auto row = must_pardon(sim, start_of_time, sim.now());
    CHECK(row.due_after == paid_to + 60 * second);
    run_until_decided(sim, 4);
    CHECK(sim.of("o1")[3].decision.period_from >= paid_to);
    sim.check_ledger();
}

TEST_CASE("failures that remain count, with the wait that they have without the pardoned ones") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(1)).ok());
    sim.answer = bad_from_to(1, 6);
    run_until_decided(sim, 6);
    REQUIRE(sim.state("o1").suspended);
    const auto lines = sim.of("o1");
    const auto& last = lines[5].decision;
    const auto row = must_pardon(sim, lines[2].decision.due_at, lines[3].decision.due_at + 1);
    CHECK(row.checks == 2);
    CHECK(row.failures_after == 4);
    CHECK(row.suspended_before);
    CHECK(!row.suspended_after);
    CHECK(row.due_after == last.due_at + 60 * second + lines[3].decision.delay_ns + lines[3].decision.penalty_ns);
    CHECK(row.due_after < row.due_before);
    sim.check_ledger();
}

TEST_CASE("the policy's memory is what it was before the first pardoned check") {
    Simulation sim;
    const Setup setup{.policy = R"({"recovery_checks":3})"};
    REQUIRE(sim.install(setup, payees(1)).ok());
    sim.answer = [](const auto&, const JobSpec& job, auto) {
        return std::pair{job.epoch <= 5 || job.epoch == 8 ? bad() : good("100"), second / 10};
    };
    run_until_decided(sim, 7);  // two of three recovery checks
    const auto recovering = sim.state("o1");
    run_until_decided(sim, 8);
    const auto failed = sim.state("o1");
    CHECK(std::memcmp(&failed.memory, &recovering.memory, sizeof recovering.memory) != 0);
    must_pardon(sim, sim.of("o1")[7].decision.due_at, sim.now());
    check_same(sim.state("o1"), recovering);
    run_until_decided(sim, 9);
    CHECK(sim.of("o1")[8].decision.action == ledger::Action::pay);  // the third
    sim.check_ledger();
}

TEST_CASE("two pardons in a row come to what one of both does") {
    std::vector<ledger::EngineState> ends;
    for (const bool at_once : {false, true}) {
        Simulation sim;
        REQUIRE(sim.install({}, payees(1)).ok());
        sim.answer = bad_from_to(2, 6);
        run_until_decided(sim, 6);
        const auto lines = sim.of("o1");
        if (!at_once) {
            CHECK(must_pardon(sim, lines[3].decision.due_at, lines[4].decision.due_at).checks == 1);
            CHECK(must_pardon(sim, lines[1].decision.due_at, lines[2].decision.due_at).checks == 1);
        }
        const auto row = must_pardon(sim, lines[1].decision.due_at, lines[4].decision.due_at);
        CHECK(row.checks == (at_once ? 3 : 1));
        const auto again = plan(sim, lines[1].decision.due_at, lines[4].decision.due_at);
        REQUIRE(!again.ok());
        CHECK(again.error().message.find("unless it is pardoned already") != std::string::npos);
        ends.push_back(sim.state("o1"));
        sim.check_ledger();
    }
    check_same(ends[0], ends[1]);
    CHECK(ends[0].due_at == ends[1].due_at);
    CHECK(ends[0].consecutive_failures == 2);
}

TEST_CASE("checks after an earlier pardon are pardoned from the state that it left") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(1)).ok());
    sim.answer = bad_from_to(2, 5);
    run_until_decided(sim, 3);
    must_pardon(sim, start_of_time, sim.now());
    run_until_decided(sim, 5);
    CHECK(sim.state("o1").consecutive_failures == 2);
    const auto row = must_pardon(sim, sim.of("o1")[4].decision.due_at, sim.now());
    CHECK(row.checks == 1);
    CHECK(row.failures_after == 1);
    sim.check_ledger();
}

TEST_CASE("a pardon is refused where nothing counts, or the policy in force is another one") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(1)).ok());
    sim.answer = bad_from_to(3, 4);
    run_until_decided(sim, 4);
    const auto before = sim.state("o1");
    const auto none = plan(sim, start_of_time, start_of_time + 61 * second);
    REQUIRE(!none.ok());
    CHECK(none.error().status == STIPEND_E_INVALID);
    CHECK(none.error().message.find("nothing to pardon") != std::string::npos);
    REQUIRE(plan(sim, start_of_time, sim.now()).ok());
    check_same(sim.state("o1"), before);  // a plan changes nothing
    CHECK(sim.state("o1").due_at == before.due_at);
    REQUIRE(sim.install({.policy = R"({"punishment_multiplier":3})"}).ok());
    const auto other = plan(sim, start_of_time, sim.now());
    REQUIRE(!other.ok());
    CHECK(other.error().message.find("the policy in force does not decide epoch 3 as generation 1 did") !=
          std::string::npos);
}

TEST_CASE("a pardon survives a restart, and may come while a check is under way") {
    Simulation sim;
    REQUIRE(sim.install({}, payees(1)).ok());
    sim.answer = [](const auto&, const JobSpec& job, auto) {
        return std::pair{job.epoch == 2 ? bad() : good("100"), 5 * second};
    };
    run_until_decided(sim, 2);
    const auto due = sim.state("o1").due_at;
    sim.run_until(due + second);  // its third check is under way
    const auto row = must_pardon(sim, start_of_time, sim.now());
    CHECK(row.due_after == row.due_before);
    run_until_decided(sim, 3);
    CHECK(sim.of("o1")[2].decision.due_at == due);
    sim.restart(second);
    REQUIRE(sim.install({}, payees(1)).ok());
    CHECK(sim.state("o1").checks_total == 2);
    CHECK(sim.state("o1").consecutive_failures == 0);
    sim.check_ledger();
}

TEST_CASE("a pardon decides again with what the host's own monitors saw") {
    Simulation sim;
    const stipend_entry entry{.lifecycle = &stipend::detail::Library<WatchedOnly>::lifecycle};
    plugin::Description description;
    description.id = WatchedOnly::info.id;
    auto policy =
        plugin::PolicyInstance::create(entry, description, "watched.so", "test", "{}", plugin::testing::minute_terms());
    REQUIRE_MESSAGE(policy.ok(), (policy.ok() ? "" : policy.error().message));
    auto generation = sim.generation({});
    generation->policies = {std::move(policy).value()};
    REQUIRE(sim.engine().install({generation, payees(1), {}}, sim.now()).ok());
    sim.engine().tick(sim.now());
    sim.seen["o1"] = {1'000'000, 1'000'000};
    sim.answer = bad_from_to(2, 2);
    run_until_decided(sim, 3);
    CHECK(sim.of("o1")[1].decision.consecutive_failures == 1);
    CHECK(sim.of("o1")[2].decision.consecutive_failures == 0);
    sim.answer = bad_from_to(4, 4);
    run_until_decided(sim, 4);
    const auto row = must_pardon(sim, sim.of("o1")[1].decision.due_at, sim.now());
    CHECK(row.checks == 2);
    CHECK(row.failures_after == 0);
    sim.check_ledger();
}

TEST_CASE("the answer to a pardon has what it changes") {
    const ledger::Pardon row{.checks = 3,
                             .failures_before = 5,
                             .failures_after = 2,
                             .suspended_before = true,
                             .suspended_after = false,
                             .due_before = start_of_time + 60 * second,
                             .due_after = start_of_time};
    CHECK(
        to_json("o1", row).dump() ==
        R"({"orchestrator":"o1","checks":3,"failures_before":5,"failures_after":2,"suspended_before":true,"suspended_after":false,"due_before":"2027-01-15T08:01:00.000Z","due_after":"2027-01-15T08:00:00.000Z"})");
}
