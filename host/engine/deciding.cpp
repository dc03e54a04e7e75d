// The engine's deciding side: samples in batches to the policy, decisions into one transaction, and on to the next
// time.
#include <algorithm>
#include <cstring>

#include "host/engine/engine.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t busy_retry_ns = ns_per_s;

Check check_of(const JobResult& result, const std::optional<Observed>& observed) {
    return {.job = result.outcome,
            .reported_ppm = result.reported_ppm,
            .reported_window_s = result.evidence.window_s,
            .observed_ppm = observed ? std::optional(observed->up_ppm) : std::nullopt,
            .coverage_ppm = observed ? observed->coverage_ppm : 0,
            .latency_ns = result.evidence.latency_ns,
            .reason = result.reason};
}

// Moves all but the first `count` rows from `rows` to `rest`.
template <class Row>
void keep_rest(std::vector<Row>& rows, std::vector<Row>& rest, std::size_t count) {
    if (rows.size() <= count) return;
    const auto from = rows.begin() + static_cast<std::ptrdiff_t>(count);
    rest.assign(std::make_move_iterator(from), std::make_move_iterator(rows.end()));
    rows.erase(from, rows.end());
}

}  // namespace

// One transaction is under way at a time; what is answered meanwhile is decided with the next one.
void Engine::flush(stipend_unix_ns now) {
    if (committing_ || failure_) return;
    if (sampled_.empty() && !must_write()) return;
    auto batch = std::make_shared<ledger::Batch>(take_pending());
    // A decision builds on all that came before it: while some of that still waits, so does deciding.
    if (!must_write()) {
        decide(take_samples(), *batch, now);
        // Alerts that deciding raised go into the same transaction.
        std::move(pending_.events.begin(), pending_.events.end(), std::back_inserter(batch->events));
        pending_.events.clear();
        has_pending_ = false;
    }
    if (batch->empty()) return;
    committing_ = std::move(batch);
    committing_since_ = now;
    effects_.commit(committing_);
}

// What waits to be written beside decisions, as far as one transaction takes it; the rest stays for the next ones. A
// new payee comes before all that refers to it.
ledger::Batch Engine::take_pending() {
    auto batch = std::exchange(pending_, {});
    const auto added = std::min(payees_.size() - first_unwritten_, max_batch);
    batch.added.reserve(added);
    for (std::size_t i = 0; i < added; ++i, ++first_unwritten_) {
        batch.added.push_back({.row = payees_[first_unwritten_].row(), .state = state_of(first_unwritten_)});
    }
    const bool all_added = first_unwritten_ == payees_.size();
    keep_rest(batch.changed, pending_.changed, all_added ? max_batch : 0);
    keep_rest(batch.gaps_opened, pending_.gaps_opened, all_added ? max_batch : 0);
    has_pending_ = !pending_.empty();
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
    const auto policy_of = [&](const Sampled& sampled) -> const plugin::PolicyInstance* {
        const auto& generation = generation_of(slots_[sampled.payee]);
        return generation.policies[generation.terms_of(sampled.payee).policy].get();
    };
    // By policy, and by payee within it: rows that lie together in the ledger are written together.
    std::vector<std::pair<const plugin::PolicyInstance*, Sampled*>> order;
    order.reserve(samples.size());
    for (auto& sampled : samples) order.emplace_back(policy_of(sampled), &sampled);
    std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
        return a.first != b.first ? std::less<>()(a.first, b.first) : a.second->payee < b.second->payee;
    });
    std::vector<Sampled*> group;
    for (std::size_t at = 0; at < order.size(); ++at) {
        group.push_back(order[at].second);
        if (at + 1 == order.size() || order[at + 1].first != order[at].first) {
            decide_group(*order[at].first, group, batch, now);
            group.clear();
        }
    }
}

stipend_unix_ns Engine::period_from(const Slot& slot, stipend_unix_ns decided_at) {
    return std::max(slot.last_decided_at, std::min(slot.account.due_at - slot.account.interval_ns, decided_at));
}

stipend_sample Engine::sample_of(const Sampled& sampled, stipend_unix_ns now) const {
    const auto& slot = slots_[sampled.payee];
    const auto& generation = generation_of(slot);
    auto sample = make_sample(slot.account, check_of(sampled.result, sampled.observed),
                              {generation.terms_of(sampled.payee).base_usd_e8, price_.rate(now)}, now);
    // Another policy's memory, or one of another layout, would only be misread.
    if (slot.memory_owner != no_owner && slot.memory_owner != live_of(slot).memory_owner) sample.memory = {};
    return sample;
}

void Engine::decide_group(const plugin::PolicyInstance& policy, std::vector<Sampled*>& group, ledger::Batch& batch,
                          stipend_unix_ns now) {
    std::vector<stipend_sample> in;
    in.reserve(group.size());
    for (auto* sampled : group) {
        const auto from = period_from(slots_[sampled->payee], now);
        sampled->observed = effects_.observed(payees_[sampled->payee], from, now);
        in.push_back(sample_of(*sampled, now));
    }
    std::vector<stipend_decision> out(group.size());
    if (!policy.decide(in, out)) decide_singly(policy, group, in, out, now);
    for (std::size_t at = 0; at < group.size(); ++at) {
        record(policy, in[at], out[at]);
        take_decision(policy, *group[at], out[at], batch, now);
    }
}

// Kept for the day when new code must show that it decides as this does.
void Engine::record(const plugin::PolicyInstance& policy, const stipend_sample& sample,
                    const stipend_decision& decision) {
    if (&policy != current().policies.front().get()) return;
    if (recorded_.size() < max_recorded) {
        recorded_.push_back({sample, decision});
    } else {
        recorded_[next_recorded_++ % max_recorded] = {sample, decision};
    }
}

// A batch that failed is void: one by one, so that only the sample that the policy cannot bear is held.
void Engine::decide_singly(const plugin::PolicyInstance& policy, std::vector<Sampled*>& group,
                           std::vector<stipend_sample>& in, std::vector<stipend_decision>& out, stipend_unix_ns now) {
    for (std::size_t at = 0; at < group.size(); ++at) {
        const auto decided = policy.decide({&in[at], 1}, {&out[at], 1});
        if (decided) continue;
        out[at] = {};
        out[at].action = STIPEND_HOLD;
        std::strncpy(out[at].reason, "the policy failed on this sample", sizeof out[at].reason - 1);
        raise("policy:" + payees_[group[at]->payee].key, STIPEND_ALERT_CRITICAL,
              cat(payees_[group[at]->payee].key, " is held: ", decided.error().message), now);
    }
}

void Engine::take_decision(const plugin::PolicyInstance& policy, Sampled& sampled, const stipend_decision& decision,
                           ledger::Batch& batch, stipend_unix_ns now) {
    auto& slot = slots_[sampled.payee];
    const auto& generation = generation_of(slot);
    const auto check = check_of(sampled.result, sampled.observed);
    if (decision.action == STIPEND_HOLD) return hold(sampled.payee, full_reason(decision, check), batch, now);
    if (auto why = objection(policy, sampled.payee, decision, now)) {
        return hold(sampled.payee, *why, batch, now);
    }
    auto after = slot.account;
    if (const auto moved = apply(after, decision, current().interval_ns); !moved) {
        return hold(sampled.payee, moved.error().message, batch, now);
    }
    if (slot.gap_open) {
        // Where the clock was set back meanwhile, the gap ends where it began.
        const auto to = std::max(slot.account.due_at, slot.gap_from);
        const auto periods = (to - slot.gap_from) / slot.account.interval_ns;
        batch.gaps_closed.push_back(
            {payees_[sampled.payee].id, to,
             Usd::of_e8(generation.terms_of(sampled.payee).base_usd_e8).times_saturating(periods)});
    }
    // A clock that was set back between two runs must not turn a period round.
    const auto decided_at = std::max(now, slot.last_decided_at);
    const auto today = now / ns_per_day;
    ledger::Decided decided;
    auto& row = decided.decision;
    row.orchestrator = payees_[sampled.payee].id;
    row.epoch = after.epoch;
    row.due_at = slot.account.due_at;
    row.period_from = period_from(slot, decided_at);
    row.decided_at = decided_at;
    row.job = sampled.result.outcome == STIPEND_JOB_OK ? ledger::Job::ok : ledger::Job::failed;
    if (sampled.result.outcome == STIPEND_JOB_OK) row.uptime_ppm = decision.uptime_ppm;
    row.coverage_ppm = check.coverage_ppm;
    row.action = decision.action == STIPEND_PAY ? ledger::Action::pay : ledger::Action::skip;
    row.tier = decision.tier;
    row.multiplier_ppm = decision.multiplier_ppm;
    row.usd = Usd::of_e8(decision.amount_usd_e8);
    row.wei = Wei::from_abi(decision.amount_wei);
    row.delay_ns = decision.delay_ns;
    row.penalty_ns = decision.penalty_ns;
    row.next_at = after.due_at;
    row.consecutive_failures = after.consecutive_failures;
    row.suspended = after.suspended;
    row.reason = full_reason(decision, check).substr(0, ledger::max_reason_bytes);
    row.generation = generation.row.id;
    row.evidence = std::move(sampled.result.evidence);

    auto& state = decided.after;
    state = {.epoch = after.epoch,
             .due_at = after.due_at,
             .interval_ns = after.interval_ns,
             .last_decided_at = decided_at,
             .consecutive_failures = after.consecutive_failures,
             .suspended = after.suspended,
             .known = slot.known,
             .checks_total = after.checks_total,
             .checks_ok = after.checks_ok,
             .generation = current().row.id,
             .memory_generation = generation.row.id,
             .memory = after.memory,
             .day = today,
             .day_usd = Usd::of_e8((slot.day == today ? slot.day_usd_e8 : 0) + decision.amount_usd_e8)};
    if (day_ != today) {
        day_ = today;
        day_usd_e8_ = 0;
    }
    day_usd_e8_ += decision.amount_usd_e8;
    slot.stage = Stage::committing;
    batch.decisions.push_back(std::move(decided));
}

std::optional<std::string> Engine::objection(const plugin::PolicyInstance& policy, registry::PayeeIndex payee,
                                             const stipend_decision& decision, stipend_unix_ns now) {
    const auto& slot = slots_[payee];
    const auto& generation = generation_of(slot);
    const auto& name = payees_[payee].key;
    const auto bounds =
        policy.bounds({sizeof(stipend_terms), 0, slot.account.interval_ns, generation.terms_of(payee).base_usd_e8});
    const auto next = next_in_ns(decision, slot.account.interval_ns);
    if (!bounds || !next || decision.amount_usd_e8 > bounds->max_usd_e8 || *next < bounds->min_next_ns) {
        auto why = cat("the policy left its own bounds: got ", scaled_text(decision.amount_usd_e8, 8), " USD");
        raise("policy:" + name, STIPEND_ALERT_CRITICAL, name + " is held: " + why, now);
        return why;
    }
    if (decision.action != STIPEND_PAY) return std::nullopt;
    const auto today = now / ns_per_day;
    const auto own_used = slot.day == today ? slot.day_usd_e8 : 0;
    if (decision.amount_usd_e8 > generation.limits.per_orchestrator_day_usd_e8 - own_used) {
        auto why = cat("limits.accrual_per_orchestrator_day is reached: ", scaled_text(own_used, 8), " USD today");
        raise("limit:" + name, STIPEND_ALERT_WARNING, name + " is held: " + why, now);
        return why;
    }
    const auto all_used = day_ == today ? day_usd_e8_ : 0;
    const auto limit = generation.limits.per_day_usd_e8;
    if (decision.amount_usd_e8 > limit - all_used) {
        over_limit_usd_e8_ = std::max(alerts_.active("limit") ? over_limit_usd_e8_ : 0, decision.amount_usd_e8);
        auto why = cat("limits.accrual_per_day is reached: ", scaled_text(all_used, 8), " USD today");
        raise("limit", STIPEND_ALERT_CRITICAL, "pay is held: " + why, now);
        return why;
    }
    // Over when what was held would pass: on another day, or by other terms. That less fits in says nothing.
    if (over_limit_usd_e8_ <= limit - all_used) resolve("limit", now);
    return std::nullopt;
}

void Engine::hold(registry::PayeeIndex payee, const std::string& why, ledger::Batch& batch, stipend_unix_ns now) {
    auto& slot = slots_[payee];
    if (!slot.gap_open) {
        slot.gap_open = true;
        slot.gap_from = slot.account.due_at;
        batch.gaps_opened.push_back({payees_[payee].id, slot.account.due_at, why.substr(0, ledger::max_reason_bytes)});
    }
    release(slot);
    engine::hold(slot.account);
    // A job that took longer than an interval has held more than one.
    if (slot.account.due_at <= now) {
        slot.account.due_at += (now - slot.account.due_at) / slot.account.interval_ns * slot.account.interval_ns;
        if (slot.account.due_at <= now) engine::hold(slot.account);
    }
    ++counters_.held;
    reschedule(payee);
    effects_.held(payees_[payee], slot.account.open_epoch(), why, slot.account.due_at);
}

void Engine::committed(const Result<void>& result, stipend_unix_ns now) {
    STIPEND_ASSERT(committing_ != nullptr);
    if (!result && result.error().status == STIPEND_E_BUSY) {
        // Another program holds the database for a while; the same batch is tried again.
        raise("ledger-busy", STIPEND_ALERT_WARNING, result.error().message, now);
        retry_commit_at_ = now + busy_retry_ns;
        return;
    }
    resolve("ledger-busy", now);
    const auto batch = std::exchange(committing_, nullptr);
    if (!result) {
        failure_ = result.error();
        effects_.tell({.id = "ledger", .severity = STIPEND_ALERT_CRITICAL, .text = result.error().message, .at = now});
        return;
    }
    for (const auto& decided : batch->decisions) settle(decided, now);
    tick(now);
}

// A decision is durable: the payee moves on.
void Engine::settle(const ledger::Decided& decided, stipend_unix_ns now) {
    const auto payee = *payees_.find(decided.decision.orchestrator);
    auto& slot = slots_[payee];
    STIPEND_ASSERT(slot.stage == Stage::committing && slot.account.epoch + 1 == decided.after.epoch);
    const auto before = slot.account;
    const auto& state = decided.after;
    slot.account = account_of(state);
    slot.last_decided_at = state.last_decided_at;
    slot.day = state.day;
    slot.day_usd_e8 = state.day_usd.count_e8();
    slot.memory_generation = state.memory_generation;
    slot.memory_owner = live_of(slot).memory_owner;
    slot.gap_open = false;
    release(slot);
    ++counters_.decisions;
    if (decided.decision.action == ledger::Action::pay) ++counters_.paid;
    effects_.decided(payees_[payee], decided.decision);
    if (slot.removed) {
        slot.removed = false;
        slot.stage = Stage::inactive;
        return;
    }
    watch_failures(payee, before, now);
    reschedule(payee);
}

// Suspension, and everybody failing at once.
void Engine::watch_failures(registry::PayeeIndex payee, const Account& before, stipend_unix_ns now) {
    const auto& account = slots_[payee].account;
    const auto& name = payees_[payee].key;
    if (before.epoch == 0) ++decided_active_;
    if (before.consecutive_failures > 0) --failing_;
    if (account.consecutive_failures > 0) ++failing_;
    if (account.suspended && !before.suspended) {
        raise("suspended:" + name, STIPEND_ALERT_WARNING,
              cat(name, " is suspended after ", account.consecutive_failures, " failed checks in a row"), now);
    } else if (!account.suspended && before.suspended) {
        resolve("suspended:" + name, now);
    }
    if (failing_ == active_ && active_ >= min_payees_for_all_failed) {
        raise("all-failed", STIPEND_ALERT_CRITICAL,
              cat("all ", active_,
                  " orchestrators fail while the gateway answers: look at your gateway's own network and "
                  "deposit; `stipend adjust` excuses what was not their fault"),
              now);
    } else {
        resolve("all-failed", now);
    }
    // A limit or a policy's failure that held this payee is over once it was decided.
    for (const auto* kind : {"limit:", "policy:"}) resolve(kind + name, now);
}

}  // namespace stipend::engine
