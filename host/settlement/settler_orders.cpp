// What a person orders: never taken by itself, and recorded with the person's name.
#include <algorithm>
#include <memory>

#include "host/settlement/settler.hpp"

namespace stipend::settlement {

Result<void> Settler::may_order(PayoutId payout, std::string_view by) const {
    if (by.empty()) return fail(STIPEND_E_INVALID, "payout ", payout, ": by: got none, want the person who orders it");
    if (!payouts_.contains(payout)) return fail(STIPEND_E_INVALID, "payout ", payout, ": there is none that is open");
    if (busy_) return fail(STIPEND_E_BUSY, "payout ", payout, ": another step is under way: try again");
    return {};
}

void Settler::commit_order(ledger::PayoutChanges changes, std::function<void(Result<void>)> done) {
    begin_commit(changes);
    auto shared = std::make_shared<ledger::PayoutChanges>(std::move(changes));
    book_.commit(*shared, [this, shared, done = std::move(done)](Result<void> committed) {
        end_commit(*shared);
        if (committed) apply(*shared);
        done(committed);
        go_on();
    });
}

void Settler::order(PayoutId payout, State state, std::string reason, std::string by,
                    std::function<void(Result<void>)> done) {
    if (const auto may = may_order(payout, by); !may) return done(may);
    const auto& found = payouts_.at(payout);
    if (!ledger::can_follow(found.state, state) || found.slot != 0) {
        return done(fail(STIPEND_E_CONFLICT, "payout ", payout, ": is ", ledger::payout_state_name(found.state),
                         ", and cannot become ", ledger::payout_state_name(state), " by hand"));
    }
    commit_order(
        {.steps = {{.payout = payout, .state = state, .reason = std::move(reason), .by = std::move(by), .at = now_}}},
        std::move(done));
}

void Settler::hold(PayoutId payout, std::string reason, std::string by, std::function<void(Result<void>)> done) {
    order(payout, State::held, std::move(reason), std::move(by), std::move(done));
}

void Settler::release(PayoutId payout, std::string by, std::function<void(Result<void>)> done) {
    order(payout, State::reserved, {}, std::move(by), std::move(done));
}

void Settler::give_back(PayoutId payout, std::string reason, std::string by, std::function<void(Result<void>)> done) {
    order(payout, State::returned, std::move(reason), std::move(by), std::move(done));
}

Result<Settler::SlotView*> Settler::frozen_slot(PayoutId payout, std::string_view by) {
    STIPEND_TRY(may_order(payout, by));
    const auto& frozen = payouts_.at(payout);
    if (frozen.state != State::frozen) {
        return fail(STIPEND_E_CONFLICT, "payout ", payout, ": is ", ledger::payout_state_name(frozen.state),
                    ", not frozen");
    }
    auto& slot = slots_.at(frozen.slot);
    if (slot.looked_at && account_) return &slot;
    return fail(STIPEND_E_BUSY, "payout ", payout, ": the chain was not asked yet: try again");
}

void Settler::unfreeze(PayoutId payout, std::string by, std::function<void(Result<void>)> done) {
    const auto found = frozen_slot(payout, by);
    if (!found) return done(found.error());
    auto& slot = **found;
    const auto name = cat("payout ", payout, ": ");
    const bool used_elsewhere = slot.missing_since != 0;
    if (used_elsewhere && now_ - slot.missing_since < rules_.resend_after_ns) {
        return done(fail(STIPEND_E_BUSY, name,
                         "the chain has used its nonce for something else, which has to stay so for ",
                         rules_.resend_after_ns / ns_per_s, " s: try again"));
    }
    if (used_elsewhere && account_->final_head == 0) {
        return done(fail(STIPEND_E_STATE, name, "the plugin does not say which block is final"));
    }
    ledger::PayoutChanges changes;
    if (used_elsewhere)
        changes.ends.push_back({.slot = slot.row.id, .block = account_->final_head, .by = by, .at = now_});
    for (const auto& [id, one] : payouts_) {
        if (one.slot != slot.row.id || one.state != State::frozen) continue;
        ledger::PayoutStep step{.payout = id, .state = State::bound, .slot = one.slot, .by = by, .at = now_};
        if (used_elsewhere) {
            step.state = State::returned;
            step.reason = cat("nonce ", slot.row.nonce, " was used by a transaction that is not this ledger's");
        }
        changes.steps.push_back(step);
        if (used_elsewhere || slot.attempts.empty()) continue;
        step.state = State::sent;
        changes.steps.push_back(std::move(step));
    }
    // What the signer remembers is asked for again.
    if (!used_elsewhere) {
        slot.recalled = false;
        slot.signed_before.reset();
        slot.gas = 0;
        slot.sent_at = 0;
    }
    commit_order(std::move(changes), std::move(done));
}

void Settler::settle(PayoutId payout, Settled as, std::string by, std::function<void(Result<void>)> done) {
    const auto found = frozen_slot(payout, by);
    if (!found) return done(found.error());
    const auto& slot = **found;
    const auto name = cat("payout ", payout, ": ");
    const auto seen = std::ranges::find_if(slot.sightings, [](const Sighting& one) { return !one.other.empty(); });
    if (seen == slot.sightings.end()) {
        return done(fail(STIPEND_E_CONFLICT, name,
                         "the chain has executed no transaction of it that did something else ", "than it should"));
    }
    if (!seen->final) {
        return done(fail(STIPEND_E_BUSY, name, "its block ", seen->block, " can still be replaced: try again"));
    }
    ledger::PayoutChanges changes;
    changes.ends.push_back({.slot = slot.row.id,
                            .id = slot.attempts[static_cast<std::size_t>(seen - slot.sightings.begin())].id,
                            .block_hash = seen->block_hash,
                            .block = seen->block,
                            .fee_wei = seen->fee,
                            .executed = as == Settled::paid,
                            .by = by,
                            .at = now_});
    for (const auto& [id, one] : payouts_) {
        if (one.slot != slot.row.id) continue;
        ledger::PayoutStep step{.payout = id, .state = State::returned, .slot = one.slot, .by = by, .at = now_};
        if (as == Settled::paid) {
            step.state = State::paid;
            step.block_hash = seen->block_hash;
            step.block = seen->block;
        } else {
            step.reason =
                cat("it did something else than it should: ", seen->other).substr(0, ledger::max_reason_bytes);
        }
        changes.steps.push_back(std::move(step));
    }
    commit_order(std::move(changes), std::move(done));
}

void Settler::accept_foreign(std::string by, std::function<void(Result<void>)> done) {
    if (by.empty()) return done(fail(STIPEND_E_INVALID, "by: got none, want the person who orders it"));
    if (busy_) return done(fail(STIPEND_E_BUSY, "another step is under way: try again"));
    if (!numbering_.may_assign(this)) return done(fail(STIPEND_E_BUSY, "another step is under way: try again"));
    const auto last = last_nonce();
    if (!last || account_->next_slot <= *last + 1) {
        return done(fail(STIPEND_E_CONFLICT, "the chain is not ahead of the ledger"));
    }
    const auto first = *last + 1;
    if (account_->final_next_slot <= first || account_->final_head == 0) {
        return done(
            fail(STIPEND_E_BUSY, "nonce ", first, " of ", account_->payer, " is in no final block yet: try again"));
    }
    ledger::PayoutChanges changes;
    const auto count = std::min(account_->final_next_slot - first, max_accepted);
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto slot = numbering_.next_slot() + static_cast<SlotId>(i);
        changes.slots.push_back(
            {.id = slot, .payer = account_->payer, .nonce = first + i, .at = now_, .network = rules_.network});
        changes.ends.push_back({.slot = slot, .block = account_->final_head, .by = by, .at = now_});
    }
    account_due_ = now_;  // whether it is still ahead
    commit_order(std::move(changes), std::move(done));
}

}  // namespace stipend::settlement
