// The engine's part in pardons.
#include "host/engine/engine.hpp"
#include "host/engine/pardon.hpp"

namespace stipend::engine {

Result<ledger::Pardoned> Engine::plan_pardon(const PardonRequest& request, registry::PayeeIndex payee,
                                             const ledger::PardonHistory& history, stipend_unix_ns now) const {
    const auto& slot = slots_[payee];
    if (slot.life.is(Stage::committing) || slot.life.is(Stage::leaving_committing)) {
        return fail(STIPEND_E_BUSY, payees_.key(payee), " is being decided: try again");
    }
    if (generations_.empty()) return fail(STIPEND_E_STATE, "no policy is in force");
    const auto terms = current().terms_of(payee);
    return make_pardon(request, {*current().policies[terms.policy], terms.base, current().row.id}, slot.state, history,
                       now);
}

void Engine::pardon(std::vector<ledger::Pardoned> pardons, std::vector<ledger::AnsweredRequest> answered,
                    PardonAnswer answer, stipend_unix_ns now) {
    if (failure_) return answer(*failure_);
    if (draining_) return answer(fail(STIPEND_E_STATE, "the host is stopping"));
    bool moved = false;
    for (auto& one : pardons) {
        const auto payee = *payees_.find(one.row.orchestrator);
        auto& slot = slots_[payee];
        STIPEND_ASSERT(slot.state.epoch == one.after.epoch && slot.state.due_at == one.row.due_before);
        STIPEND_ASSERT(!slot.life.is(Stage::committing) && !slot.life.is(Stage::leaving_committing));
        const auto before = std::exchange(slot.state, one.after);
        slot.memory_owner = generations_.memory_owner(generations_.newest());
        moved = moved || before.due_at != one.after.due_at;
        if (slot.life.active()) watch_failures(payee, before, now);
        commits_.waiting().pardons.push_back(std::move(one));
    }
    for (auto& one : answered) commits_.waiting().answered.push_back(std::move(one));
    // A payee that waits for a later time is due earlier now.
    if (moved) {
        schedule_.move([&](const Schedule::Entry& entry) {
            const auto& slot = slots_[entry.payee];
            return slot.life.is(Stage::scheduled) ? std::min(entry.at_ns, std::max(now, slot.state.due_at))
                                                  : entry.at_ns;
        });
    }
    pardons_waiting_.push_back(std::move(answer));
    flush(now);
}

void Engine::answer_pardons(std::vector<PardonAnswer>& answers, const Result<void>& result) {
    for (const auto& answer : std::exchange(answers, {})) answer(result);
}

}  // namespace stipend::engine
