// The engine's deciding side: samples in batches to the policy, decisions into one transaction, and on to the next due
// time.
#include <algorithm>
#include <cstring>

#include "host/engine/engine.hpp"
#include "host/engine/payee_state.hpp"
#include "stipend/duration.hpp"
#include "stipend/record.hpp"

namespace stipend::engine {
namespace {

stipend_unix_ns period_from(const ledger::EngineState& state, stipend_unix_ns decided_at) {
    return std::max(state.last_decided_at, std::min(state.due_at - state.interval_ns, decided_at));
}

// What must hold for a row before it is handed over to be written; the ledger checks rows against each other.
void assert_sound(const ledger::Decided& decided, const ledger::EngineState& before, Usd most) {
    const auto& row = decided.decision;
    const bool pays = row.action == ledger::Action::pay;
    STIPEND_ASSERT(row.epoch == before.epoch + 1 && row.epoch == decided.after.epoch);
    STIPEND_ASSERT(row.period_from >= before.last_decided_at && row.period_from <= row.decided_at);
    STIPEND_ASSERT(row.due_at == before.due_at && row.next_at > row.due_at && row.next_at == decided.after.due_at);
    STIPEND_ASSERT(!row.usd.negative() && row.usd <= most);
    STIPEND_ASSERT(pays || (row.usd.zero() && row.wei.zero()));
    STIPEND_ASSERT(!pays || row.job == ledger::Job::ok);
    STIPEND_ASSERT(decided.after.day_usd >= row.usd);
}

}  // namespace

// One transaction is under way at a time; results that come meanwhile are decided with the next one.
void Engine::flush(stipend_unix_ns now) {
    if (commits_.under_way() || failure_) return;
    if (sampled_.empty() && !must_write()) return;
    auto batch = std::make_shared<ledger::Batch>(take_waiting());
    pardons_written_ = std::exchange(pardons_waiting_, {});
    // A decision builds on all that came before it: while some of that still waits, so does deciding.
    if (!must_write()) {
        decide(take_samples(), *batch, now);
        // Alerts that deciding raised go into the same transaction.
        auto& raised = commits_.waiting().events;
        std::move(raised.begin(), raised.end(), std::back_inserter(batch->events));
        raised.clear();
        STIPEND_ASSERT(!must_write());
    }
    if (batch->empty()) return;
    commits_.begin(batch, now);
    effects_.commit(std::move(batch));
}

// What waits to be written beside decisions, as far as one transaction takes it. A new payee comes before all that
// refers to it.
ledger::Batch Engine::take_waiting() {
    const auto added = std::min(payees_.size() - first_unwritten_, max_batch);
    auto batch = commits_.take(first_unwritten_ + added == payees_.size());
    batch.added.reserve(added);
    for (std::size_t i = 0; i < added; ++i, ++first_unwritten_) {
        batch.added.push_back(
            {.row = row_of(first_unwritten_, !is_active(first_unwritten_)), .state = state_of(first_unwritten_)});
    }
    return batch;
}

std::vector<Engine::Sampled> Engine::take_samples() {
    if (sampled_.size() <= max_batch) return std::exchange(sampled_, {});
    std::vector<Sampled> samples;
    const auto end = sampled_.begin() + max_batch;
    samples.assign(std::make_move_iterator(sampled_.begin()), std::make_move_iterator(end));
    sampled_.erase(sampled_.begin(), end);
    return samples;
}

void Engine::decide(std::vector<Sampled> samples, ledger::Batch& batch, stipend_unix_ns now) {
    if (samples.empty()) return;
    ++counters_.cycles;
    batch.decisions.reserve(samples.size());
    // By policy, and by payee within it: rows that lie together in the ledger are written together.
    struct Place {
        Generations::Number generation;
        std::uint32_t policy;
        registry::PayeeIndex payee;
        std::uint32_t sample;
        auto operator<=>(const Place&) const = default;
    };
    std::vector<Place> order;
    order.reserve(samples.size());
    for (const auto& sampled : samples) {
        const auto bound = slots_[sampled.payee].bound;
        const auto sample = static_cast<std::uint32_t>(order.size());
        order.push_back({bound, generations_[bound].terms_of(sampled.payee).policy, sampled.payee, sample});
    }
    std::sort(order.begin(), order.end());
    std::vector<Sampled*> sorted;
    sorted.reserve(order.size());
    for (const auto& place : order) sorted.push_back(&samples[place.sample]);
    for (std::size_t from = 0, to = 0; from < order.size(); from = to) {
        const auto& [generation, policy, payee, sample] = order[from];
        while (to < order.size() && order[to].generation == generation && order[to].policy == policy) ++to;
        decide_group(*generations_[generation].policies[policy], std::span(sorted).subspan(from, to - from), batch,
                     now);
    }
}

stipend_sample Engine::sample_of(Sampled& sampled, stipend_unix_ns now) const {
    const auto& slot = slots_[sampled.payee];
    const auto& payee = payees_[sampled.payee];
    sampled.period_from = period_from(slot.state, now);
    auto sample = make_sample(slot.state, sampled.result, effects_.observed(payee, sampled.period_from, now),
                              generations_[slot.bound].terms_of(sampled.payee).base, now);
    sample.demand_ppm = demand_.factor_ppm();
    // Memory of another policy, or of another layout, would be misread.
    if (slot.memory_owner != no_owner && slot.memory_owner != generations_.memory_owner(slot.bound)) sample.memory = {};
    return sample;
}

void Engine::decide_group(const plugin::PolicyInstance& policy, std::span<Sampled* const> group, ledger::Batch& batch,
                          stipend_unix_ns now) {
    std::vector<stipend_sample> in;
    in.reserve(group.size());
    for (auto* sampled : group) in.push_back(sample_of(*sampled, now));
    std::vector<stipend_decision> out(group.size());
    if (!policy.decide(in, out)) decide_singly(policy, group, in, out, now);
    for (std::size_t at = 0; at < group.size(); ++at) {
        record(policy, in[at], out[at]);
        take_decision(policy, *group[at], in[at], out[at], batch, now);
    }
}

// New code has to show later that it decides these alike.
void Engine::record(const plugin::PolicyInstance& policy, const stipend_sample& sample,
                    const stipend_decision& decision) {
    if (&policy != current().policies.front().get()) return;
    if (recorded_.size() < max_recorded) {
        recorded_.push_back({sample, decision});
    } else {
        recorded_[next_recorded_++ % max_recorded] = {sample, decision};
    }
}

// A batch that failed is void: one by one, so that only the sample on which the policy fails is held.
void Engine::decide_singly(const plugin::PolicyInstance& policy, std::span<Sampled* const> group,
                           std::span<const stipend_sample> in, std::span<stipend_decision> out, stipend_unix_ns now) {
    for (std::size_t at = 0; at < group.size(); ++at) {
        const auto decided = policy.decide(in.subspan(at, 1), out.subspan(at, 1));
        if (decided) continue;
        out[at] = {};
        out[at].action = STIPEND_HOLD;
        std::strncpy(out[at].reason, "the policy failed on this sample", sizeof out[at].reason - 1);
        const auto& key = payees_.key(group[at]->payee);
        raise("policy:" + key, STIPEND_ALERT_CRITICAL, cat(key, " is held: ", decided.error().message), now);
    }
}

void Engine::take_decision(const plugin::PolicyInstance& policy, Sampled& sampled, const stipend_sample& sample,
                           const stipend_decision& decision, ledger::Batch& batch, stipend_unix_ns now) {
    const auto payee = sampled.payee;
    auto& slot = slots_[payee];
    const auto& before = slot.state;
    const auto reason = full_reason(decision, sampled.result);
    if (decision.action == STIPEND_HOLD) return hold(payee, reason, batch, now);
    const auto amount = Usd::of_e8(decision.amount_usd_e8);
    // Until it is recorded that it is owed in this asset, its pay would count in another one.
    if (!is_on_network(payee)) return hold(payee, "its move to another network is not recorded yet", batch, now);
    const auto* network = network_of(payee);
    STIPEND_ASSERT(network != nullptr);  // it is configured, or was when its job was sent
    const auto wei = amount_in_units(amount, network->price.rate(now), network->terms.row.decimals);
    if (!wei) return hold(payee, wei.error().message, batch, now);
    if (const auto why = objection(policy, payee, decision, now)) return hold(payee, *why, batch, now);
    ledger::Decided decided{.decision = {}, .after = before};
    auto& [row, after] = decided;
    if (const auto moved = apply(after, decision, current().interval_ns); !moved) {
        return hold(payee, moved.error().message, batch, now);
    }
    close_gap(payee, batch);
    after.last_decided_at = std::max(now, before.last_decided_at);  // the clock may have been set back between two runs
    after.generation = current().row.id;
    after.memory_generation = generations_[slot.bound].row.id;
    after.day = now / ns_per_day;
    after.day_usd = limits_.accrue(amount, before, now);

    row.orchestrator = payees_.id(payee);
    row.epoch = after.epoch;
    row.due_at = before.due_at;
    row.period_from = sampled.period_from;
    row.decided_at = after.last_decided_at;
    row.job = sample.job == STIPEND_JOB_OK ? ledger::Job::ok : ledger::Job::failed;
    if (row.job == ledger::Job::ok) row.uptime_ppm = decision.uptime_ppm;
    row.coverage_ppm = sample.coverage_ppm;
    row.action = decision.action == STIPEND_PAY ? ledger::Action::pay : ledger::Action::skip;
    row.tier = decision.tier;
    row.multiplier_ppm = decision.multiplier_ppm;
    row.usd = amount;
    row.wei = *wei;
    row.delay_ns = decision.delay_ns;
    row.penalty_ns = decision.penalty_ns;
    row.next_at = after.due_at;
    row.consecutive_failures = after.consecutive_failures;
    row.suspended = after.suspended;
    row.reason = reason.substr(0, ledger::max_reason_bytes);
    row.generation = after.memory_generation;
    row.demand_ppm = sample.demand_ppm;
    row.evidence = std::move(sampled.result.evidence);
    assert_sound(decided, before, generations_[slot.bound].limits.per_orchestrator_day);
    slot.life.proceed(Stage::committing);
    batch.decisions.push_back(std::move(decided));
}

// The gap's amount is what stayed unpaid at most.
void Engine::close_gap(registry::PayeeIndex payee, ledger::Batch& batch) const {
    const auto& slot = slots_[payee];
    if (!slot.gap_from) return;
    // Where the clock was set back meanwhile, the gap ends where it began.
    const auto to = std::max(slot.state.due_at, *slot.gap_from);
    const auto periods = (to - *slot.gap_from) / slot.state.interval_ns;
    const auto unpaid = generations_[slot.bound].terms_of(payee).base.times_saturating(periods);
    batch.gaps_closed.push_back({payees_.id(payee), to, unpaid});
}

std::optional<std::string> Engine::objection(const plugin::PolicyInstance& policy, registry::PayeeIndex payee,
                                             const stipend_decision& decision, stipend_unix_ns now) {
    const auto& slot = slots_[payee];
    const auto base = generations_[slot.bound].terms_of(payee).base;
    const auto pay = Usd::of_e8(decision.amount_usd_e8);
    const auto bounds = policy.bounds(make_terms(slot.state.interval_ns, base.count_e8()));
    const auto next = next_in_ns(decision, slot.state.interval_ns);
    if (!bounds || !next || pay > bounds->max_usd || *next < bounds->min_next_ns) {
        const auto& name = payees_.key(payee);
        const auto got =
            next ? cat(pay.text(), " USD, next after ", *next, " ns") : cat(pay.text(), " USD, next never");
        const auto want =
            bounds ? cat("at most ", bounds->max_usd.text(), " USD, next after at least ", bounds->min_next_ns, " ns")
                   : bounds.error().message;
        auto why = cat("the policy left its own bounds: ", policy.plugin_id(), ": got ", got, ", want ", want);
        raise("policy:" + name, STIPEND_ALERT_CRITICAL, name + " is held: " + why, now);
        return why;
    }
    if (decision.action != STIPEND_PAY) return std::nullopt;
    return over_limit(payee, pay, now);
}

std::optional<std::string> Engine::over_limit(registry::PayeeIndex payee, Usd pay, stipend_unix_ns now) {
    const auto& slot = slots_[payee];
    const auto& limits = generations_[slot.bound].limits;
    const auto own = limits_.with_manual(payees_.id(payee), slot.state, now);
    const auto [verdict, used] = limits_.check(pay, own, limits, now);
    if (verdict == SpendLimits::Verdict::over_own) {
        const auto& name = payees_.key(payee);
        auto why = cat("limits.accrual_per_orchestrator_day is reached: ", used.text(), " USD today");
        raise("limit:" + name, STIPEND_ALERT_WARNING, name + " is held: " + why, now);
        return why;
    }
    if (verdict == SpendLimits::Verdict::over_all) {
        auto why = cat("limits.accrual_per_day is reached: ", used.text(), " USD today");
        raise("limit", STIPEND_ALERT_CRITICAL, "pay is held: " + why, now);
        return why;
    }
    if (limits_.lifted(limits, now)) resolve("limit", now);
    return std::nullopt;
}

void Engine::hold(registry::PayeeIndex payee, const std::string& why, ledger::Batch& batch, stipend_unix_ns now) {
    auto& slot = slots_[payee];
    if (!slot.gap_from) {
        slot.gap_from = slot.state.due_at;
        batch.gaps_opened.push_back({payees_.id(payee), slot.state.due_at, why.substr(0, ledger::max_reason_bytes)});
    }
    generations_.release(slot.bound);
    // Where time ends, so does the schedule.
    if (!engine::hold(slot.state, now)) slot.state.due_at = INT64_MAX;
    ++counters_.held;
    ++payee_counts_.of(payee).held;
    reschedule(payee);
    reporter_.held(payees_[payee], slot.state.epoch + 1, why, slot.state.due_at);
}

void Engine::committed(const Result<void>& result, stipend_unix_ns now) {
    STIPEND_ASSERT(commits_.under_way());
    if (!result && result.error().status == STIPEND_E_BUSY) {
        // Another program holds the database for a while; the same batch is tried again.
        raise("ledger-busy", STIPEND_ALERT_WARNING, result.error().message, now);
        refuse_reservations(result.error());
        commits_.postpone(now);
        return;
    }
    resolve("ledger-busy", now);
    const auto batch = commits_.finish();
    if (!result) {
        failure_ = result.error();
        refuse_reservations(result.error());
        answer_pardons(pardons_written_, result);
        answer_pardons(pardons_waiting_, result);
        reporter_.alert(
            {.id = "ledger", .severity = STIPEND_ALERT_CRITICAL, .text = result.error().message, .at = now});
        return;
    }
    answer_reservations(*batch);
    answer_pardons(pardons_written_, result);
    for (const auto& row : batch->changed) {
        slots_[*payees_.find(row.id)].network = static_cast<std::uint8_t>(row.network);
    }
    for (const auto& decided : batch->decisions) on_decision_durable(decided, now);
    tick(now);
}

void Engine::on_decision_durable(const ledger::Decided& decided, stipend_unix_ns now) {
    const auto& row = decided.decision;
    const auto payee = *payees_.find(row.orchestrator);
    auto& slot = slots_[payee];
    STIPEND_ASSERT(slot.life.is(Stage::committing) || slot.life.is(Stage::leaving_committing));
    STIPEND_ASSERT(slot.state.epoch + 1 == row.epoch && row.epoch == decided.after.epoch);
    STIPEND_ASSERT(slot.state.due_at == row.due_at && slot.state.last_decided_at <= row.period_from);
    const auto before = std::exchange(slot.state, decided.after);
    slot.memory_owner = generations_.memory_owner(slot.bound);
    slot.gap_from.reset();
    generations_.release(slot.bound);
    ++counters_.decisions;
    payee_counts_.count_decision(row, payee);
    if (row.action == ledger::Action::pay) ++counters_.paid;
    reporter_.decided(payees_[payee], row, networks_.find(slot.network)->terms.row, now);
    if (retired(slot)) return;
    watch_failures(payee, before, now);
    reschedule(payee);
}

// Alerts about suspension, and about all failing at once.
void Engine::watch_failures(registry::PayeeIndex payee, const ledger::EngineState& before, stipend_unix_ns now) {
    const auto& state = slots_[payee].state;
    const auto& name = payees_.key(payee);
    if (before.consecutive_failures > 0) --failing_;
    if (state.consecutive_failures > 0) ++failing_;
    if (state.suspended && !before.suspended) {
        raise("suspended:" + name, STIPEND_ALERT_WARNING,
              cat(name, " is suspended after ", state.consecutive_failures, " failed checks in a row"), now);
    } else if (!state.suspended && before.suspended) {
        resolve("suspended:" + name, now);
    }
    STIPEND_ASSERT(failing_ <= active_);
    if (failing_ == active_ && active_ >= min_payees_for_all_failed) {
        raise("all-failed", STIPEND_ALERT_CRITICAL,
              cat("all ", active_,
                  " orchestrators fail while the gateway answers: look at your gateway's own network and "
                  "deposit; `stipend adjust` pays for what was not their fault, and `stipend pardon` takes back their "
                  "waits"),
              now);
    } else {
        resolve("all-failed", now);
    }
    // A limit or a failure of the policy that held this payee is over once it was decided.
    for (const auto* kind : {"limit:", "policy:"}) resolve(kind + name, now);
}

}  // namespace stipend::engine
