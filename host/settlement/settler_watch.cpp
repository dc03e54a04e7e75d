// What the chain says of the payer and of each attempt, and what follows from it.
#include <algorithm>

#include "host/settlement/settler.hpp"

namespace stipend::settlement {

bool Settler::look_at_account() {
    if (now_ < account_due_) return false;
    account_due_ = now_ + rules_.look_every_ns;
    chain_.account(answer(&Settler::take_account));
    return true;
}

void Settler::take_account(Result<Account> account) {
    if (!account) {
        account_.reset();
        return failed("the payer's account", account.error());
    }
    account_ = std::move(*account);
    block_ = {};
    if (account_->chain_id != rules_.chain_id) {
        block_ = {.id = "chain",
                  .text = cat("the endpoints are of chain ", account_->chain_id, ", want ", rules_.chain_id)};
        account_.reset();
        return;
    }
    if (account_->disagree) block_ = {.id = "endpoints", .text = "the endpoints contradict each other"};
    // Ahead of the ledger: a restored backup, or the payer's key is used by something else.
    const auto last = last_nonces_.find(account_->payer);
    if (last != last_nonces_.end() && account_->next_slot > last->second + 1) {
        block_ = {.id = "foreign",
                  .text = cat("the chain has executed nonce ", account_->next_slot - 1, " of ", account_->payer,
                              ", but the last one of this ledger is ", last->second,
                              ": it is an old backup, or something else uses the payer's key")};
    }
}

bool Settler::look_at_attempts() {
    if (now_ < sight_due_) return false;
    sight_due_ = now_ + rules_.look_every_ns;
    asked_.clear();
    for (const auto& [id, slot] : slots_) {
        for (const auto& attempt : slot.attempts) asked_.push_back(attempt.id);
    }
    if (asked_.empty()) return false;
    chain_.sight(asked_, answer(&Settler::take_sightings));
    return true;
}

void Settler::take_sightings(Result<std::vector<Sighting>> sightings) {
    if (!sightings) return failed("what the chain knows of the attempts", sightings.error());
    if (sightings->size() != asked_.size()) {
        return failed("what the chain knows of the attempts",
                      fail(STIPEND_E_INVALID, "got ", sightings->size(), " sightings, want ", asked_.size()));
    }
    std::size_t next = 0;
    ledger::PayoutChanges changes;
    for (auto& [id, slot] : slots_) {
        // An attempt that was signed since is not among them; nothing is, since one thing at a time is under way.
        slot.sightings.assign(sightings->begin() + static_cast<std::ptrdiff_t>(next),
                              sightings->begin() + static_cast<std::ptrdiff_t>(next + slot.attempts.size()));
        next += slot.attempts.size();
        follow(slot, changes);
    }
    if (!changes.empty()) commit(std::move(changes));
}

void Settler::follow(SlotView& slot, ledger::PayoutChanges& changes) {
    if (is_frozen(slot.row.id)) return;
    const auto seen = std::ranges::find(slot.sightings, Phase::in_block, &Sighting::phase);
    if (seen != slot.sightings.end()) {
        const auto at = static_cast<std::size_t>(seen - slot.sightings.begin());
        slot.missing_since = 0;
        if (seen->final) return end(slot, at, changes);
        step_all(slot, seen->depth >= rules_.confirmations ? State::confirmed : State::mined, &*seen, {}, changes);
        return;
    }
    // Its nonce is used up for good, and by none of what was signed for it here. Endpoints may know of the account what
    // they do not know of its transactions yet: it has to stay so.
    const bool missing =
        !slot.attempts.empty() && account_->payer == slot.row.payer && account_->final_next_slot > slot.row.nonce;
    if (!missing) slot.missing_since = 0;
    if (missing && slot.missing_since == 0) slot.missing_since = now_;
    if (missing && now_ - slot.missing_since >= rules_.resend_after_ns) {
        return step_all(slot, State::frozen, nullptr,
                        cat("nonce ", slot.row.nonce, " was used by a transaction that is not this ledger's"), changes);
    }
    // A reorganised chain has lost it again.
    for (const auto& [id, payout] : payouts_) {
        if (payout.slot != slot.row.id) continue;
        if (payout.state != State::mined && payout.state != State::confirmed) continue;
        slot.sent_at = 0;
        changes.steps.push_back({.payout = id, .state = State::sent, .slot = slot.row.id, .at = now_});
    }
}

void Settler::end(const SlotView& slot, std::size_t attempt, ledger::PayoutChanges& changes) {
    const auto& seen = slot.sightings[attempt];
    changes.ends.push_back({.slot = slot.row.id,
                            .id = slot.attempts[attempt].id,
                            .block_hash = seen.block_hash,
                            .block = seen.block,
                            .fee_wei = seen.fee,
                            .executed = seen.executed,
                            .at = now_});
    const bool paid = seen.executed && !slot.attempts[attempt].gives_up;
    step_all(slot, paid ? State::paid : State::returned, &seen,
             slot.attempts[attempt].gives_up ? "its nonce was given up" : "the chain executed it as a failure",
             changes);
}

void Settler::step_all(const SlotView& slot, State state, const Sighting* seen, std::string_view reason,
                       ledger::PayoutChanges& changes) {
    for (const auto& [id, payout] : payouts_) {
        if (payout.slot != slot.row.id || payout.state == state || !ledger::can_follow(payout.state, state)) continue;
        ledger::PayoutStep step{.payout = id, .state = state, .slot = slot.row.id, .at = now_};
        const bool in_block = state == State::mined || state == State::confirmed || state == State::paid;
        if (in_block) {
            step.block_hash = seen->block_hash;
            step.block = seen->block;
        } else {
            step.reason = reason;
        }
        changes.steps.push_back(std::move(step));
    }
}

}  // namespace stipend::settlement
