// The engine's start and its changes of configuration: taking up the ledger's state, installing generations.
#include <algorithm>

#include "host/base/time.hpp"
#include "host/engine/engine.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t clock_tolerance_ns = 60 * ns_per_s;

}  // namespace

Engine::Engine(Effects& effects, Reporter& reporter, ledger::State state, stipend_unix_ns now)
    : effects_(effects),
      reporter_(reporter),
      next_orchestrator_(state.next_orchestrator),
      generations_(state.next_generation, std::move(state.generation)),
      networks_(std::move(state.networks), std::move(state.prices), now),
      limits_(now),
      fees_(now) {
    restore(state);
}

void Engine::restore(ledger::State& state) {
    slots_.reserve(state.orchestrators.size());
    payees_.reserve(state.orchestrators.size());
    for (auto& record : state.orchestrators) {
        auto& row = record.row;
        payees_.add({.id = row.id,
                     .key = std::move(row.key),
                     .address = std::move(row.address),
                     .service_addresses = {},
                     .capability = {},
                     .payout_address = std::move(row.payout_address),
                     .worker_key = std::move(row.worker_key),
                     .first_seen_at = row.first_seen_at});
        auto& slot = slots_.emplace_back();
        slot.state = record.state;
        slot.network = static_cast<std::uint8_t>(row.network);
        slot.paid_on = slot.network;
        if (slot.state.memory_generation != 0) {
            slot.memory_owner = generations_.owner_of(record.memory_policy, record.memory_version);
        }
        if (row.retired) slot.life.move(Stage::retired);
        if (record.open_gap) slot.gap_from = record.open_gap->from;
        limits_.restore(slot.state);
    }
    for (const auto& payment : state.manual) limits_.restore(payment);
    demand_.restore(state.demands);
    first_unwritten_ = static_cast<registry::PayeeIndex>(payees_.size());
    for (const auto& fees : state.fees) {
        if (const auto payee = payees_.find(fees.orchestrator)) fees_.restore(*payee, fees.state);
    }
    state = {};
}

ledger::Orchestrator Engine::row_of(registry::PayeeIndex payee, bool retired) const {
    auto row = payees_[payee].row(retired);
    row.network = retired ? slots_[payee].network : slots_[payee].paid_on;
    return row;
}

// The due time of a payee after the host was away.
void Engine::restore_schedule(registry::PayeeIndex payee, stipend_unix_ns now) {
    auto& slot = slots_[payee];
    auto& state = slot.state;
    if (state.last_decided_at > now + clock_tolerance_ns) {
        // The clock was ahead when this was written. What counts is the wait that was decided, not the date.
        const auto ahead = state.last_decided_at - now;
        state.due_at -= ahead;
        raise("clock", STIPEND_ALERT_WARNING,
              cat("the clock is ", duration_text(ahead / ns_per_s * ns_per_s),
                  " behind the last decision in the ledger: schedules go on by the waits that were decided"),
              now);
    }
    const auto missed = state.due_at >= now ? 0 : (now - state.due_at) / state.interval_ns;
    if (missed == 0) return;
    // Whole intervals without a check are a gap: recorded, listed, and not caught up automatically.
    if (!slot.gap_from) {
        slot.gap_from = state.due_at;
        commits_.waiting().gaps_opened.push_back({payees_.id(payee), state.due_at, "the host was not running"});
    }
    state.due_at += missed * state.interval_ns;
}

Result<ledger::GenerationId> Engine::install(ConfigUpdate update, stipend_unix_ns now) {
    if (const auto until = waits_until(update, now)) {
        return fail(STIPEND_E_BUSY, "too many generations: ", max_live_generations,
                    " still decide pay periods that began with them, the oldest one until ", utc_text(*until));
    }
    const bool same = unchanged(update);
    moved_ = 0;
    auto& generation = *update.generation;
    STIPEND_TRY(networks_.install(generation.networks, commits_.waiting().networks, now));
    if (!same) {
        if (generations_.install(update.generation, now, newest_is_unused(now))) {
            commits_.waiting().generations.push_back(generation.row);
        }
        networks_.set_rules(generation.networks, now);
        set_demand_rules(generation.demand, now);
        recorded_.clear();
        next_recorded_ = 0;
    }
    if (update.payees) {
        const auto places = apply_registry(update, now);
        if (!same && !update.own.empty()) {
            generation.own.assign(payees_.size(), generation.common);
            for (std::size_t at = 0; at < update.own.size(); ++at) {
                generation.own[places[at]] = update.own[at];
            }
        }
    }
    set_dispatchers(std::move(update.dispatchers), now);
    return current().row.id;
}

void Engine::set_dispatchers(std::set<std::string, std::less<>> names, stipend_unix_ns now) {
    if (names.empty()) names.emplace();
    std::swap(dispatchers_, names);
    for (const auto& left : names) {
        if (dispatchers_.contains(left)) continue;
        resolve(gateway_alert(left), now);
        resolve(dispatcher_alert(left), now);
    }
}

bool Engine::unchanged(const ConfigUpdate& update) const {
    if (generations_.empty() || !same_rules(*update.generation, current())) return false;
    if (current().own.empty() && update.own.empty()) return true;
    if (!update.payees) return false;
    const auto same_terms = [&](const registry::Payee& payee, const PayeeTerms& terms) {
        const auto place = payees_.find(payee.key);
        return terms == (place ? current().terms_of(*place) : current().common);
    };
    for (std::size_t at = 0; at < update.payees->size(); ++at) {
        if (!same_terms((*update.payees)[at], update.own.empty() ? update.generation->common : update.own[at]))
            return false;
    }
    return true;
}

std::optional<stipend_unix_ns> Engine::waits_until(const ConfigUpdate& update, stipend_unix_ns now) {
    if (generations_.empty() || unchanged(update)) return std::nullopt;
    retire_generations_exactly();
    if (!generations_.full() || newest_is_unused(now)) return std::nullopt;
    // The oldest one is dropped once the last of its periods is decided. What is due already takes as long as its job.
    auto until = now + ns_per_s;
    for (const auto& slot : slots_) {
        if (!slot.life.active()) continue;
        const auto& state = slot.state;
        if (generations_.at_start(state.due_at - state.interval_ns) == generations_.oldest()) {
            until = std::max(until, state.due_at);
        }
    }
    return until;
}

// Is there no period, open or still to be decided, that began with the newest generation? A payee that comes back to
// the configuration goes on with the period that it left.
bool Engine::newest_is_unused(stipend_unix_ns now) const {
    if (generations_.empty() || generations_.bound(generations_.newest())) return false;
    return std::none_of(slots_.begin(), slots_.end(), [&](const Slot& slot) {
        if (!slot.life.active() && slot.state.due_at <= now) return false;
        const auto begun_with_newest = [&](stipend_unix_ns start) {
            return start <= now && generations_.at_start(start) == generations_.newest();
        };
        // Where the present period is over and not yet decided, the next one has begun as well.
        return begun_with_newest(slot.state.due_at - slot.state.interval_ns) || begun_with_newest(slot.state.due_at);
    });
}

void Engine::retire_generations_exactly() {
    std::optional<stipend_unix_ns> earliest;
    for (const auto& slot : slots_) {
        if (!slot.life.active()) continue;
        const auto start = slot.state.due_at - slot.state.interval_ns;
        earliest = earliest ? std::min(*earliest, start) : start;
    }
    generations_.retire_before(earliest);
}

std::vector<std::size_t> Engine::payees_by_generation() const {
    std::vector<std::size_t> out(generations_.all().size());
    for (const auto& slot : slots_) {
        if (!slot.life.active()) continue;
        const bool open = !slot.life.is(Stage::scheduled) && !slot.life.is(Stage::ready);
        const auto number = open ? slot.bound : generations_.at_start(slot.state.due_at - slot.state.interval_ns);
        ++out[number - generations_.oldest()];
    }
    return out;
}

void Engine::retire_generations() {
    auto earliest_due = schedule_.next_ns();
    for (const auto* line : {&ready_, &ready_failing_}) {
        if (line->empty()) continue;
        const auto due = slots_[line->front()].state.due_at;
        earliest_due = earliest_due ? std::min(*earliest_due, due) : due;
    }
    generations_.retire(earliest_due);
}

std::vector<registry::PayeeIndex> Engine::apply_registry(ConfigUpdate& update, stipend_unix_ns now) {
    auto& configured = *update.payees;
    const auto paid_on = [&](std::size_t at) {
        return networks_.id_at(update.networks.empty() ? 0 : update.networks.at(at));
    };
    std::vector<bool> present(payees_.size(), false);
    std::vector<registry::PayeeIndex> places(configured.size());
    std::vector<std::size_t> fresh;
    for (std::size_t at = 0; at < configured.size(); ++at) {
        const auto found = payees_.find(configured[at].key);
        if (!found) {
            fresh.push_back(at);
            continue;
        }
        places[at] = *found;
        present[*found] = true;
        update_payee(*found, std::move(configured[at]), paid_on(at), now);
    }
    for (registry::PayeeIndex at = 0; at < present.size(); ++at) {
        if (!present[at]) deactivate(at, now);
    }
    const registry::IdentityIndex identities(payees_, present);
    // Before the large arrays, for the peak; and at the end, for what stays.
    registry::Table::release_memory();
    const auto all = payees_.size() + fresh.size();
    payees_.reserve(all);
    slots_.reserve(all);
    schedule_.reserve(all);
    for (const auto at : fresh) {
        places[at] = static_cast<registry::PayeeIndex>(payees_.size());
        add_payee(std::move(configured[at]), paid_on(at), identities, now);
    }
    registry::Table::release_memory();
    return places;
}

void Engine::update_payee(registry::PayeeIndex at, registry::Payee payee, ledger::NetworkId paid_on,
                          stipend_unix_ns now) {
    slots_[at].paid_on = static_cast<std::uint8_t>(paid_on);
    const auto own = payees_[at];
    const auto& life = slots_[at].life;
    const bool changed = own.address != payee.address || own.payout_address != payee.payout_address ||
                         own.worker_key != payee.worker_key || !is_on_network(at);
    if (life.active() && own.dispatch != payee.dispatch) ++moved_;
    payee.id = own.id;
    payee.first_seen_at = own.first_seen_at;
    payees_.replace(at, payee);
    if (changed || life.is(Stage::retired) || life.leaving()) {
        commits_.waiting().changed.push_back(row_of(at, false));
    }
    if (!life.active()) activate(at, now);
}

// Its row is written with one of the next batches.
void Engine::add_payee(registry::Payee payee, ledger::NetworkId paid_on, const registry::IdentityIndex& identities,
                       stipend_unix_ns now) {
    payee.id = next_orchestrator_++;
    payee.first_seen_at = now;
    auto& slot = slots_.emplace_back();
    slot.network = static_cast<std::uint8_t>(paid_on);
    slot.paid_on = slot.network;
    if (const auto earlier = identities.find(payee)) {
        // Punishment follows the party, not the name.
        slot.state = slots_[*earlier].state;
        slot.state.epoch = 0;
        slot.state.last_decided_at = 0;
        slot.state.day = 0;
        slot.state.day_usd = {};
        slot.memory_owner = slots_[*earlier].memory_owner;
    } else {
        slot.state.due_at = now;
        slot.state.interval_ns = current().interval_ns;
    }
    activate(payees_.add(payee), now);
}

void Engine::activate(registry::PayeeIndex payee, stipend_unix_ns now) {
    auto& slot = slots_[payee];
    auto& state = slot.state;
    ++active_;
    if (payees_.key(payee) != runtime::MetricPage::others) payee_counts_.admit(payee);
    if (state.consecutive_failures > 0) ++failing_;
    if (slot.life.leaving()) return slot.life.come_back();
    if (state.interval_ns == 0) state.interval_ns = current().interval_ns;
    if (slot.life.is(Stage::retired)) {
        // No check was due while it was out of the configuration.
        state.due_at = std::max(state.due_at, now);
    } else {
        restore_schedule(payee, now);
    }
    reschedule(payee);
}

void Engine::deactivate(registry::PayeeIndex payee, stipend_unix_ns now) {
    auto& slot = slots_[payee];
    if (slot.life.is(Stage::retired) || slot.life.leaving()) return;
    commits_.waiting().changed.push_back(row_of(payee, true));
    const bool was_active = slot.life.active();
    // What is under way ends first; what is scheduled is dropped when its time comes.
    slot.life.leave();
    if (!was_active) return;
    STIPEND_ASSERT(active_ > 0);
    --active_;
    if (slot.state.consecutive_failures > 0) --failing_;
    for (const auto kind : payee_alerts) {
        // An objection wants its answer, also of one that has left.
        if (kind != "objection:") resolve(cat(kind, payees_.key(payee)), now);
    }
}

ledger::EngineState Engine::state_of(registry::PayeeIndex payee) const {
    auto state = slots_[payee].state;
    state.generation = generations_.empty() ? 0 : current().row.id;
    return state;
}

}  // namespace stipend::engine
