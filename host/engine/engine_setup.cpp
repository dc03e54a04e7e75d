// The engine's beginning and its changes of configuration: taking up the ledger's state, publishing generations.
#include <algorithm>

#include "host/engine/engine.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t clock_tolerance_ns = 60 * ns_per_s;

bool same_row(const ledger::Generation& a, const ledger::Generation& b) {
    return a.policy == b.policy && a.version == b.version && a.revision == b.revision &&
           a.memory_version == b.memory_version && a.so_sha256 == b.so_sha256 && a.config == b.config &&
           a.terms == b.terms;
}

}  // namespace

Engine::Engine(Effects& effects, ledger::State state, stipend_unix_ns now)
    : effects_(effects),
      next_generation_(state.next_generation),
      last_row_(std::move(state.generation)),
      next_orchestrator_(state.next_orchestrator),
      price_due_at_(now) {
    restore(state, now);
}

void Engine::restore(ledger::State& state, stipend_unix_ns now) {
    day_ = now / ns_per_day;
    slots_.reserve(state.orchestrators.size());
    payees_.reserve(state.orchestrators.size());
    for (auto& record : state.orchestrators) {
        const auto& row = record.row;
        payees_.add({.id = row.id,
                     .key = row.key,
                     .address = row.address,
                     .service_addresses = {},
                     .capability = {},
                     .payout_address = row.payout_address,
                     .worker_key = row.worker_key,
                     .first_seen_at = row.first_seen_at,
                     .active = false});
        auto& slot = slots_.emplace_back();
        slot.account = account_of(record.state);
        slot.last_decided_at = record.state.last_decided_at;
        slot.known = record.state.known;
        slot.day = record.state.day;
        slot.day_usd_e8 = record.state.day_usd.count_e8();
        slot.memory_generation = record.state.memory_generation;
        if (slot.memory_generation != 0) {
            slot.memory_owner = owner_of(record.memory_policy, record.memory_version);
        }
        slot.retired = row.retired;
        slot.gap_open = record.open_gap.has_value();
        if (record.open_gap) slot.gap_from = record.open_gap->from;
        if (slot.day == day_) day_usd_e8_ += slot.day_usd_e8;
    }
    first_unwritten_ = static_cast<registry::PayeeIndex>(payees_.size());
    if (state.price) {
        price_.restore({state.price->usd_per_eth_e8, state.price->at, 0, state.price->source});
    }
    state = {};
}

// Where a payee stands in time after the host was away.
void Engine::restore_schedule(registry::PayeeIndex payee, stipend_unix_ns now) {
    auto& slot = slots_[payee];
    auto& account = slot.account;
    if (slot.last_decided_at > now + clock_tolerance_ns) {
        // The clock stood in the future when this was written. What counts is the wait that was decided, not the date.
        const auto ahead = slot.last_decided_at - now;
        account.due_at -= ahead;
        raise("clock", STIPEND_ALERT_WARNING,
              cat("the clock is ", duration_text(ahead / ns_per_s * ns_per_s),
                  " behind the last decision in the ledger: schedules go on by the waits that were decided"),
              now);
    }
    const auto missed = account.due_at >= now ? 0 : (now - account.due_at) / account.interval_ns;
    if (missed == 0) return;
    // Whole intervals in which nobody looked are a gap: recorded, listed, and never caught up by itself.
    if (!slot.gap_open) {
        slot.gap_open = true;
        slot.gap_from = account.due_at;
        pending_.gaps_opened.push_back({payees_[payee].id, account.due_at, "the host was not running"});
        has_pending_ = true;
    }
    account.due_at += missed * account.interval_ns;
}

Result<ledger::GenerationId> Engine::publish(Publication publication, stipend_unix_ns now) {
    retire_generations();
    if (live_.size() >= max_live_generations) {
        return fail(STIPEND_E_BUSY, "too many generations: ", max_live_generations,
                    " still decide pay periods that began with them; try again in ",
                    duration_text(current().interval_ns));
    }
    auto& generation = *publication.generation;
    generation.row.at = now;
    if (last_row_ && same_row(*last_row_, generation.row)) {
        generation.row.id = last_row_->id;
    } else {
        generation.row.id = next_generation_++;
        pending_.generations.push_back(generation.row);
        has_pending_ = true;
        last_row_ = generation.row;
    }
    price_.set_rules(generation.price);
    live_.push_back({.generation = publication.generation,
                     .memory_owner = owner_of(generation.row.policy, generation.row.memory_version),
                     .users = 0});
    recorded_.clear();
    next_recorded_ = 0;
    if (publication.payees) {
        const auto places = apply_registry(*publication.payees, now);
        if (!publication.own.empty()) {
            generation.own.assign(payees_.size(), generation.common);
            for (std::size_t at = 0; at < publication.own.size(); ++at) {
                generation.own[places[at]] = publication.own[at];
            }
        }
    }
    price_due_at_ = std::min(price_due_at_, now);
    return generation.row.id;
}

std::uint32_t Engine::owner_of(const std::string& policy, std::uint32_t version) {
    const MemoryOwner wanted{policy, version};
    const auto at = std::find(memory_owners_.begin(), memory_owners_.end(), wanted);
    const auto place = static_cast<std::uint32_t>(at - memory_owners_.begin());
    if (at == memory_owners_.end()) memory_owners_.push_back(wanted);
    return place;
}

std::vector<std::shared_ptr<const Generation>> Engine::generations() const {
    std::vector<std::shared_ptr<const Generation>> out;
    for (const auto& live : live_) out.push_back(live.generation);
    return out;
}

// Lets go of generations that no open pay period began with.
void Engine::retire_generations() {
    while (live_.size() > 1 && live_.front().users == 0) {
        std::int64_t longest = 0;
        for (const auto& live : live_) longest = std::max(longest, live.generation->interval_ns);
        const auto next_published = live_[1].generation->published_at();
        const auto began_before = [&](stipend_unix_ns due_at) { return due_at - longest < next_published; };
        if (const auto next = schedule_.next_ns(); next && began_before(*next)) return;
        if (!ready_.empty() && began_before(slots_[ready_.front()].account.due_at)) return;
        live_.pop_front();
        ++first_live_;
    }
}

std::vector<registry::PayeeIndex> Engine::apply_registry(std::vector<registry::Payee>& configured,
                                                         stipend_unix_ns now) {
    std::vector<bool> kept(payees_.size(), false);
    std::vector<registry::PayeeIndex> places(configured.size());
    std::vector<std::size_t> fresh;
    for (std::size_t at = 0; at < configured.size(); ++at) {
        auto& payee = configured[at];
        const auto found = payees_.find(payee.key);
        if (!found) {
            fresh.push_back(at);
            continue;
        }
        places[at] = *found;
        kept[*found] = true;
        auto& own = payees_[*found];
        const bool changed = own.address != payee.address || own.payout_address != payee.payout_address ||
                             own.worker_key != payee.worker_key;
        payee.id = own.id;
        payee.first_seen_at = own.first_seen_at;
        const bool was_active = own.active;
        own = std::move(payee);
        if (changed || slots_[*found].retired) {
            pending_.changed.push_back(own.row());
            has_pending_ = true;
        }
        if (!was_active) activate(*found, now);
    }
    for (registry::PayeeIndex at = 0; at < kept.size(); ++at) {
        if (!kept[at]) deactivate(at, now);
    }
    const registry::Predecessors predecessors(payees_);
    const auto all = payees_.size() + fresh.size();
    payees_.reserve(all);
    slots_.reserve(all);
    schedule_.reserve(all);
    for (const auto at : fresh) {
        places[at] = static_cast<registry::PayeeIndex>(payees_.size());
        add_payee(std::move(configured[at]), predecessors, now);
    }
    return places;
}

// Its row is written with one of the next batches.
void Engine::add_payee(registry::Payee payee, const registry::Predecessors& predecessors, stipend_unix_ns now) {
    payee.id = next_orchestrator_++;
    payee.first_seen_at = now;
    auto& slot = slots_.emplace_back();
    if (const auto before = predecessors.find(payee)) {
        // Punishment follows the party, not the name.
        slot.account = slots_[*before].account;
        slot.account.epoch = 0;
        slot.memory_generation = slots_[*before].memory_generation;
        slot.memory_owner = slots_[*before].memory_owner;
        slot.known = slots_[*before].known;
    } else {
        slot.account.due_at = now;
        slot.account.interval_ns = current().interval_ns;
    }
    activate(payees_.add(std::move(payee)), now);
}

void Engine::activate(registry::PayeeIndex payee, stipend_unix_ns now) {
    payees_[payee].active = true;
    auto& slot = slots_[payee];
    ++active_;
    if (slot.account.epoch > 0) ++decided_active_;
    if (slot.account.consecutive_failures > 0) ++failing_;
    const bool back = std::exchange(slot.retired, false);
    if (slot.removed) {  // it left and came back while something of it was under way
        slot.removed = false;
        return;
    }
    if (slot.account.interval_ns == 0) slot.account.interval_ns = current().interval_ns;
    if (back) {
        // Nobody owed it a look while it was out of the configuration.
        slot.account.due_at = std::max(slot.account.due_at, now);
    } else {
        restore_schedule(payee, now);
    }
    reschedule(payee);
}

void Engine::deactivate(registry::PayeeIndex payee, stipend_unix_ns now) {
    auto& slot = slots_[payee];
    if (slot.retired) return;
    slot.retired = true;
    pending_.changed.push_back(payees_[payee].row());
    pending_.changed.back().retired = true;
    has_pending_ = true;
    if (!std::exchange(payees_[payee].active, false)) return;
    // What is under way ends first; what is scheduled is dropped when its time comes.
    slot.removed = slot.stage != Stage::inactive;
    --active_;
    if (slot.account.epoch > 0) --decided_active_;
    if (slot.account.consecutive_failures > 0) --failing_;
    for (const auto* kind : {"limit:", "policy:", "suspended:", "unlisted:"}) resolve(kind + payees_[payee].key, now);
}

ledger::EngineState Engine::state_of(registry::PayeeIndex payee) const {
    const auto& slot = slots_[payee];
    const auto& account = slot.account;
    return {.epoch = account.epoch,
            .due_at = account.due_at,
            .interval_ns = account.interval_ns,
            .last_decided_at = slot.last_decided_at,
            .consecutive_failures = account.consecutive_failures,
            .suspended = account.suspended,
            .known = slot.known,
            .checks_total = account.checks_total,
            .checks_ok = account.checks_ok,
            .generation = live_.empty() ? 0 : current().row.id,
            .memory_generation = slot.memory_generation,
            .memory = account.memory,
            .day = slot.day,
            .day_usd = Usd::of_e8(slot.day_usd_e8)};
}

}  // namespace stipend::engine
