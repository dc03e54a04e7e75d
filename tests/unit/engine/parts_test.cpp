// The parts of the engine, each by itself.
#include <doctest/doctest.h>

#include "host/engine/alerts.hpp"
#include "host/engine/commit_queue.hpp"
#include "host/engine/generations.hpp"
#include "host/engine/payee_state.hpp"
#include "host/engine/price_feed.hpp"
#include "host/engine/spend_limits.hpp"
#include "host/engine/stage.hpp"

using namespace stipend;
using namespace stipend::engine;

namespace {

constexpr auto dollar = std::int64_t{100'000'000};
constexpr stipend_unix_ns noon = 20'000 * ns_per_day + ns_per_day / 2;

std::shared_ptr<Generation> generation(const std::string& config, std::uint32_t memory_version = 1) {
    auto out = std::make_shared<Generation>();
    out->interval_ns = 60 * ns_per_s;
    out->row.policy = "policy";
    out->row.memory_version = memory_version;
    out->row.config = config;
    return out;
}

Usd usd(std::int64_t dollars) {
    return Usd::of_e8(dollars * dollar);
}

}  // namespace

TEST_CASE("life: a payee goes round, and one that leaves is retired when it comes up") {
    Life life;
    for (const auto stage :
         {Stage::scheduled, Stage::ready, Stage::in_flight, Stage::waiting, Stage::sampled, Stage::committing}) {
        life.move(stage);
        CHECK(life.active());
        auto leaver = life;
        leaver.leave();
        CHECK_FALSE(leaver.active());
        CHECK(leaver.leaving());
        auto back = leaver;
        back.come_back();
        CHECK(back.is(stage));
        // What was sampled is still decided, everything else is dropped.
        CHECK(Life::allowed(leaver.stage(), Stage::retired) == (stage != Stage::sampled));
    }
    life.leave();
    life.move(Stage::retired);
    CHECK_FALSE(life.active());
    CHECK_FALSE(life.leaving());
    life.move(Stage::scheduled);
    CHECK(life.active());
}

TEST_CASE("life: no stage is skipped") {
    CHECK_FALSE(Life::allowed(Stage::scheduled, Stage::in_flight));
    CHECK_FALSE(Life::allowed(Stage::ready, Stage::sampled));
    CHECK_FALSE(Life::allowed(Stage::in_flight, Stage::committing));
    CHECK_FALSE(Life::allowed(Stage::in_flight, Stage::scheduled));
    CHECK_FALSE(Life::allowed(Stage::waiting, Stage::in_flight));
    CHECK_FALSE(Life::allowed(Stage::retired, Stage::in_flight));
    CHECK_FALSE(Life::allowed(Stage::leaving_in_flight, Stage::scheduled));
    for (std::size_t stage = 0; stage < stage_count; ++stage) {
        CHECK_FALSE(Life::allowed(static_cast<Stage>(stage), Stage::unconfigured));
        CHECK_FALSE(Life::allowed(static_cast<Stage>(stage), static_cast<Stage>(stage)));
    }
}

TEST_CASE("state: a hold moves to the first interval after now, on the grid of the due time") {
    const auto held = [](stipend_unix_ns due, stipend_unix_ns now) {
        ledger::EngineState state;
        state.due_at = due;
        state.interval_ns = 60;
        REQUIRE(hold(state, now).ok());
        return state.due_at;
    };
    CHECK(held(1000, 1000) == 1060);
    CHECK(held(1000, 900) == 1060);
    CHECK(held(1000, 1059) == 1060);
    CHECK(held(1000, 1060) == 1120);
    CHECK(held(1000, 1500) == 1540);
}

TEST_CASE("state: where time ends a hold changes nothing") {
    ledger::EngineState state;
    state.due_at = INT64_MAX - 10;
    state.interval_ns = 60;
    const auto moved = hold(state, 0);
    REQUIRE_FALSE(moved.ok());
    CHECK(moved.error().status == STIPEND_E_LIMIT);
    CHECK(state.due_at == INT64_MAX - 10);
}

TEST_CASE("alerts: one is about an orchestrator by its kind, not by how its id ends") {
    CHECK(payee_of_alert("suspended:orch-1") == "orch-1");
    CHECK(payee_of_alert("fees-reported:https://o:9995") == "https://o:9995");
    CHECK(payee_of_alert("fees:fees") == "fees");
    for (const auto* id :
         {"gateway", "fees", "limit", "plugins:put-aside:orch-1", "plugins:differs:orch-1", "registry"}) {
        CHECK(payee_of_alert(id).empty());
    }
}

TEST_CASE("generations: a period is decided by the newest one of when it began") {
    Generations all(1, {});
    CHECK(all.install(generation("a"), 1000));
    CHECK(all.install(generation("b"), 2000));
    CHECK(all[all.at_start(1500)].row.config == "a");
    CHECK(all[all.at_start(2000)].row.config == "b");
    CHECK(all[all.at_start(0)].row.config == "a");  // before the first: the oldest
    CHECK(all.current().row.id == 2);
}

TEST_CASE("generations: the same row again has the same id and is not new") {
    Generations all(7, {});
    CHECK(all.install(generation("a"), 1000));
    CHECK_FALSE(all.install(generation("a"), 2000));
    CHECK(all.current().row.id == 7);
    CHECK(all.current().installed_at() == 2000);
    CHECK(all.install(generation("b"), 3000));
    CHECK(all.current().row.id == 8);
    CHECK(all.full());
}

TEST_CASE("generations: one lives while a period is bound to it, or one that began with it is to be sent") {
    Generations all(1, {});
    all.install(generation("a"), 0);
    const auto first = all.at_start(0);
    all.bind(first);
    all.install(generation("b"), 100 * ns_per_s);
    all.retire(std::nullopt);
    CHECK(all.all().size() == 2);
    all.release(first);
    all.retire(159 * ns_per_s);  // began at 99 s
    CHECK(all.all().size() == 2);
    all.retire(160 * ns_per_s);
    CHECK(all.all().size() == 1);
    CHECK(all.current().row.config == "b");
}

TEST_CASE("generations: memory belongs to a policy and its memory version") {
    Generations all(1, {});
    all.install(generation("a", 1), 0);
    all.install(generation("b", 2), 1);
    CHECK(all.owner_of("policy", 1) == all.memory_owner(all.at_start(0)));
    CHECK(all.owner_of("policy", 2) == all.memory_owner(all.at_start(1)));
    CHECK(all.owner_of("policy", 1) != all.owner_of("policy", 2));
    CHECK(all.owner_of("other", 1) == all.owner_of("other", 1));
}

TEST_CASE("limits: pay fits in exactly, and one unit more does not") {
    SpendLimits limits(noon);
    const AccrualLimits rules{usd(50), usd(100)};
    ledger::EngineState own;
    CHECK(limits.check(usd(50), own, rules, noon).verdict == SpendLimits::Verdict::within);
    CHECK(limits.check(Usd::of_e8(50 * dollar + 1), own, rules, noon).verdict == SpendLimits::Verdict::over_own);
    own.day = noon / ns_per_day;
    own.day_usd = limits.accrue(usd(30), own, noon);
    CHECK(own.day_usd == usd(30));
    const auto refused = limits.check(usd(21), own, rules, noon);
    CHECK(refused.verdict == SpendLimits::Verdict::over_own);
    CHECK(refused.used == usd(30));
    CHECK(limits.check(usd(20), own, rules, noon).verdict == SpendLimits::Verdict::within);
    // The next day begins anew.
    CHECK(limits.check(usd(50), own, rules, noon + ns_per_day).verdict == SpendLimits::Verdict::within);
}

TEST_CASE("limits: a manual payment counts for its payee and for all, on its day, until it is dropped") {
    SpendLimits limits(noon);
    const AccrualLimits rules{usd(50), usd(100)};
    ledger::EngineState own{.day = noon / ns_per_day, .day_usd = usd(10)};
    limits.restore(own);
    limits.restore(ledger::ManualDay{.orchestrator = 1, .day = noon / ns_per_day - 1, .usd = usd(40)});
    limits.restore(ledger::ManualDay{.orchestrator = 1, .day = noon / ns_per_day, .usd = usd(15)});
    limits.add_manual(1, usd(5), noon);
    CHECK(limits.used_by_all(noon) == usd(30));
    CHECK(limits.with_manual(1, own, noon).day_usd == usd(30));
    CHECK(limits.with_manual(2, own, noon).day_usd == usd(10));
    CHECK(limits.look(usd(20), limits.with_manual(1, own, noon), rules, noon).verdict == SpendLimits::Verdict::within);
    CHECK(limits.look(usd(21), limits.with_manual(1, own, noon), rules, noon).verdict ==
          SpendLimits::Verdict::over_own);
    // A decision's own count has none of it, and all have both.
    CHECK(limits.accrue(usd(20), own, noon) == usd(30));
    CHECK(limits.used_by_all(noon) == usd(50));
    limits.drop_manual(1, usd(5), noon);
    CHECK(limits.used_by_all(noon) == usd(45));
    CHECK(limits.with_manual(1, own, noon).day_usd == usd(25));
    limits.drop_manual(1, usd(5), noon + ns_per_day);  // of another day: nothing is left of it
    CHECK(limits.used_by_all(noon) == usd(45));
    CHECK(limits.with_manual(1, own, noon + ns_per_day).day_usd == usd(0));
    limits.add_manual(2, usd(7), noon + ns_per_day);
    CHECK(limits.used_by_all(noon + ns_per_day) == usd(7));
    CHECK(limits.with_manual(1, {}, noon + ns_per_day).day_usd == usd(0));
}

TEST_CASE("limits: the limit of all is lifted when the largest pay that it held would pass") {
    SpendLimits limits(noon);
    const AccrualLimits rules{usd(100), usd(100)};
    const ledger::EngineState own;
    static_cast<void>(limits.accrue(usd(90), own, noon));
    CHECK(limits.check(usd(20), own, rules, noon).verdict == SpendLimits::Verdict::over_all);
    CHECK(limits.check(usd(5), own, rules, noon).verdict == SpendLimits::Verdict::within);
    CHECK_FALSE(limits.lifted(rules, noon));
    CHECK(limits.lifted({usd(100), usd(110)}, noon));
    CHECK_FALSE(limits.lifted({usd(100), usd(110)}, noon));  // once
    CHECK(limits.check(usd(20), own, rules, noon).verdict == SpendLimits::Verdict::over_all);
    CHECK(limits.lifted(rules, noon + ns_per_day));
}

TEST_CASE("limits: what was accrued in an earlier run counts on its day only") {
    SpendLimits limits(noon);
    ledger::EngineState state;
    state.day = noon / ns_per_day;
    state.day_usd = usd(60);
    limits.restore(state);
    state.day -= 1;
    limits.restore(state);
    const AccrualLimits rules{usd(100), usd(100)};
    CHECK(limits.check(usd(41), {}, rules, noon).verdict == SpendLimits::Verdict::over_all);
    CHECK(limits.check(usd(40), {}, rules, noon).verdict == SpendLimits::Verdict::within);
}

TEST_CASE("limits: the highest amounts do not wrap") {
    SpendLimits limits(noon);
    const AccrualLimits rules{usd(100), usd(100)};
    ledger::EngineState own;
    own.day = noon / ns_per_day;
    own.day_usd = Usd::highest();
    CHECK(limits.check(Usd::highest(), own, rules, noon).verdict == SpendLimits::Verdict::over_own);
    CHECK(limits.check(Usd::highest(), {}, {Usd::highest(), usd(1)}, noon).verdict == SpendLimits::Verdict::over_all);
}

TEST_CASE("price feed: asked once at a time, at its pace, and at once under other rules") {
    PriceFeed feed(noon);
    feed.set_rules({usd(1), usd(10'000), 2'000'000, 3600 * ns_per_s}, noon);
    CHECK(*feed.next_wakeup() == noon);
    REQUIRE(feed.ask(noon));
    CHECK_FALSE(feed.ask(noon));
    CHECK_FALSE(feed.next_wakeup().has_value());
    CHECK_FALSE(feed.answered());
    CHECK(feed.answer(Quote{2000 * dollar, noon, 0, "s"}, noon, 30 * ns_per_s).ok());
    CHECK(feed.answered());
    CHECK(*feed.rate(noon) == 2000 * dollar);
    CHECK_FALSE(feed.ask(noon + 29 * ns_per_s));
    CHECK(feed.ask(noon + 30 * ns_per_s));
    CHECK_FALSE(feed.answer(fail(STIPEND_E_UNAVAILABLE, "no answer"), noon + 31 * ns_per_s, 0).ok());
    CHECK(feed.rate(noon + 31 * ns_per_s).has_value());  // the last one is not too old
    CHECK(*feed.next_wakeup() == noon + 32 * ns_per_s);  // a second, at least
    feed.set_rules({}, noon + 31 * ns_per_s);
    CHECK(*feed.next_wakeup() == noon + 31 * ns_per_s);
}

TEST_CASE("commit queue: what may refer to a new payee waits until all are known") {
    CommitQueue queue;
    CHECK(queue.empty());
    queue.waiting().changed.push_back({.id = 1});
    queue.waiting().gaps_opened.push_back({.orchestrator = 1});
    queue.waiting().events.push_back({ledger::EventKind::alert, "a"});
    auto batch = queue.take(false);
    CHECK(batch.events.size() == 1);
    CHECK(batch.changed.empty());
    CHECK_FALSE(queue.empty());
    batch = queue.take(true);
    CHECK(batch.changed.size() == 1);
    CHECK(batch.gaps_opened.size() == 1);
    CHECK(queue.empty());
}

TEST_CASE("commit queue: a transaction takes so many rows, and the rest keeps its order") {
    CommitQueue queue;
    for (std::size_t i = 0; i < max_batch + 2; ++i) {
        queue.waiting().changed.push_back({.id = static_cast<ledger::OrchestratorId>(i)});
    }
    CHECK(queue.take(true).changed.size() == max_batch);
    const auto rest = queue.take(true);
    REQUIRE(rest.changed.size() == 2);
    CHECK(rest.changed[0].id == max_batch);
    CHECK(rest.changed[1].id == max_batch + 1);
}

TEST_CASE("commit queue: a busy database gets the same transaction again a second later") {
    CommitQueue queue;
    ledger::Batch rows;
    rows.events.push_back({ledger::EventKind::alert, "a"});
    const auto batch = std::make_shared<const ledger::Batch>(rows);
    queue.begin(batch, noon);
    CHECK(queue.under_way());
    CHECK(queue.retry(noon) == nullptr);
    queue.postpone(noon);
    CHECK(*queue.next_wakeup() == noon + ns_per_s);
    CHECK(queue.retry(noon + ns_per_s - 1) == nullptr);
    CHECK(queue.retry(noon + ns_per_s) == batch);
    CHECK(queue.retry(noon + ns_per_s) == nullptr);
    CHECK_FALSE(queue.stuck(noon + 5 * ns_per_s, 5 * ns_per_s));
    CHECK(queue.stuck(noon + 5 * ns_per_s + 1, 5 * ns_per_s));
    CHECK(queue.finish() == batch);
    CHECK_FALSE(queue.under_way());
}
