// The engine's side of the factor of demand: it counts those that are up, and has each factor written ahead of the
// decisions that are handed it.
#include <algorithm>

#include "host/engine/engine.hpp"

namespace stipend::engine {

void Engine::set_demand_rules(const std::optional<ledger::DemandRules>& rules, stipend_unix_ns now) {
    if (const auto row = demand_.set_rules(rules, effects_.payer_jobs(now), now)) {
        commits_.waiting().demands.push_back(*row);
    }
}

void Engine::measure_demand(stipend_unix_ns now) {
    const auto end = demand_.ends_at();
    auto& waiting = commits_.waiting().demands;
    // While the ledger takes nothing, the cycle goes on.
    if (!end || now < *end || !waiting.empty()) return;
    waiting.push_back(demand_.end_cycle(effects_.payer_jobs(now), count_up(), now));
}

// Those whose last check was good. One that was not checked yet is not up.
std::uint64_t Engine::count_up() const {
    return static_cast<std::uint64_t>(std::ranges::count_if(slots_, [](const Slot& slot) {
        const auto& state = slot.state;
        return slot.life.active() && state.epoch > 0 && state.consecutive_failures == 0 && !state.suspended;
    }));
}

}  // namespace stipend::engine
