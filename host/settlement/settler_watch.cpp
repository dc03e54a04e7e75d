// What the chain says of the payer and of each attempt, and what follows from it.
#include <algorithm>

#include "host/settlement/settler.hpp"
#include "stipend/hex.hpp"

namespace stipend::settlement {
namespace {

// Of the questions of one look, so many fail at most: then it is the endpoints, rather than some attempts.
constexpr std::uint32_t max_lost_parts = 16;

}  // namespace

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
    skew_ns_ = account_->head_at == 0 ? 0 : std::abs(account_->head_at - now_);
    block_ = {};
    if (account_->chain_id != rules_.chain_id) {
        block_ = {.id = blocks::chain,
                  .text = cat("the endpoints are of chain ", account_->chain_id, ", want ", rules_.chain_id)};
        account_.reset();
        return;
    }
    if (account_->disagree) block_ = {.id = blocks::endpoints, .text = "the endpoints contradict each other"};
    // Ahead of the ledger: a restored backup, or the payer's key is used by something else.
    const auto last = last_nonce();
    if (last && account_->next_slot > *last + 1) {
        block_ = {.id = blocks::foreign,
                  .text = cat("the chain has executed nonce ", account_->next_slot - 1, " of ", account_->payer,
                              ", but the last one of this ledger is ", *last,
                              ": it is an old backup, or something else uses the payer's key")};
    }
    watch_funds();
}

bool Settler::look_at_attempts() {
    if (parts_.empty()) {
        if (now_ < sight_due_) return false;
        sight_due_ = now_ + rules_.look_every_ns;
        begin_look();
    }
    return ask_part();
}

// All at once, but for those about which no answer could be read last: each of these alone, so that it keeps no other.
void Settler::begin_look() {
    lost_parts_ = 0;
    read_any_ = false;
    std::vector<SlotId> together;
    for (auto& [id, slot] : slots_) {
        if (slot.attempts.empty()) {
            watch_nonce(slot);
        } else if (slot.unread.empty()) {
            together.push_back(id);
        } else {
            parts_.push_back({id});
        }
    }
    if (!together.empty()) parts_.push_back(std::move(together));
}

bool Settler::ask_part() {
    while (!parts_.empty()) {
        asked_of_ = std::move(parts_.back());
        parts_.pop_back();
        std::erase_if(asked_of_, [this](SlotId id) { return !slots_.contains(id); });
        asked_.clear();
        for (const auto id : asked_of_) {
            const auto& slot = slots_.at(id);
            for (const auto& attempt : slot.attempts) {
                const bool batch = slot.row.payouts > 1 && !attempt.gives_up;
                asked_.push_back({.id = attempt.id, .batch = batch ? slot.row.payouts : 0});
            }
        }
        if (asked_.empty()) continue;
        chain_.sight(asked_, answer(&Settler::take_sightings));
        return true;
    }
    return false;
}

Result<void> Settler::check_sightings(const std::vector<Sighting>& sightings) const {
    if (sightings.size() != asked_.size()) {
        return fail(STIPEND_E_INVALID, "got ", sightings.size(), " sightings, want ", asked_.size());
    }
    for (std::size_t i = 0; i < asked_.size(); ++i) {
        const auto& seen = sightings[i];
        const auto want = seen.phase == Phase::in_block && seen.executed ? asked_[i].batch : 0;
        if (seen.paid.size() != want) {
            return fail(STIPEND_E_INVALID, "got ", seen.paid.size(), " outcomes of a batch, want ", want);
        }
    }
    return {};
}

void Settler::take_sightings(Result<std::vector<Sighting>> sightings) {
    const auto sound = sightings ? check_sightings(*sightings) : Result<void>(sightings.error());
    if (!sound) return lose_part(sound.error());
    read_any_ = true;
    if (parts_.empty() && lost_parts_ == 0) sight_failed_ = false;
    std::size_t next = 0;
    ledger::PayoutChanges changes;
    for (const auto id : asked_of_) {
        // An attempt that was signed since is not among them; nothing is, since one thing at a time is under way.
        auto& slot = slots_.at(id);
        slot.unread.clear();
        slot.unread_since = 0;
        slot.sightings.assign(sightings->begin() + static_cast<std::ptrdiff_t>(next),
                              sightings->begin() + static_cast<std::ptrdiff_t>(next + slot.attempts.size()));
        next += slot.attempts.size();
        follow(slot, changes);
    }
    if (!changes.empty()) commit(std::move(changes));
}

// One attempt whose answer cannot be read is found by halves, once a whole look has failed again.
void Settler::lose_part(const Error& error) {
    ++lost_parts_;
    const bool again = std::exchange(sight_failed_, true);
    auto& first = slots_.at(asked_of_.front());
    if ((!again && first.unread.empty()) || lost_parts_ > max_lost_parts) return lose_look(error);
    if (asked_of_.size() > 1) {
        const auto middle = asked_of_.begin() + static_cast<std::ptrdiff_t>(asked_of_.size() / 2);
        parts_.emplace_back(middle, asked_of_.end());
        parts_.emplace_back(asked_of_.begin(), middle);
        return;
    }
    first.unread = error.message;
    if (first.unread_since == 0) first.unread_since = now_;
    first.missing_since = 0;
    // Where nothing can be read it may be the endpoints, until that has stayed while they answer other questions.
    const bool fresh = std::ranges::any_of(slots_, [this](const auto& one) {
        return !one.second.unread.empty() && now_ - one.second.unread_since < rules_.resend_after_ns;
    });
    if (parts_.empty() && !read_any_ && fresh) lose_look(error);
}

void Settler::lose_look(const Error& error) {
    parts_.clear();
    failed("what the chain knows of the attempts", error);
    sight_due_ = retry_due_;
}

std::vector<SlotId> Settler::unread() const {
    std::vector<SlotId> out;
    for (const auto& [id, slot] : slots_) {
        if (!slot.unread.empty() && now_ - slot.unread_since >= rules_.resend_after_ns) out.push_back(id);
    }
    return out;
}

// Whether its nonce is used up for good, and by none of what was signed for it here. Endpoints may know of the account
// what they do not know of its transactions yet: it has to stay so.
void Settler::watch_nonce(SlotView& slot) {
    slot.looked_at = true;
    const bool in_block = std::ranges::find(slot.sightings, Phase::in_block, &Sighting::phase) != slot.sightings.end();
    const bool used = account_->payer == slot.row.payer && account_->final_next_slot > slot.row.nonce;
    // What was not signed yet is asked of the signer, which may have signed it.
    const bool missing = used && !in_block && (!slot.attempts.empty() || is_frozen(slot.row.id));
    if (!missing) slot.missing_since = 0;
    if (missing && slot.missing_since == 0) slot.missing_since = now_;
}

void Settler::follow(SlotView& slot, ledger::PayoutChanges& changes) {
    watch_nonce(slot);
    if (is_frozen(slot.row.id)) return;
    const auto seen = std::ranges::find(slot.sightings, Phase::in_block, &Sighting::phase);
    if (seen != slot.sightings.end()) {
        const auto at = static_cast<std::size_t>(seen - slot.sightings.begin());
        if (!seen->other.empty()) return freeze_other(slot, at, changes);
        if (seen->final) return end(slot, at, changes);
        step_all(slot, seen->depth >= rules_.confirmations ? State::confirmed : State::mined, &*seen, {}, changes);
        return;
    }
    if (slot.missing_since != 0 && now_ - slot.missing_since >= rules_.resend_after_ns) {
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

// As soon as it is in a block: what is bound behind it would be moved in the same way.
void Settler::freeze_other(const SlotView& slot, std::size_t attempt, ledger::PayoutChanges& changes) {
    const auto& seen = slot.sightings[attempt];
    step_all(slot, State::frozen, nullptr,
             cat("its transaction 0x", hex_encode(slot.attempts[attempt].id), " in block ", seen.block,
                 " did something else than it should: ", seen.other)
                 .substr(0, ledger::max_reason_bytes),
             changes);
}

void Settler::end(const SlotView& slot, std::size_t attempt, ledger::PayoutChanges& changes) {
    const auto& seen = slot.sightings[attempt];
    STIPEND_ASSERT(seen.other.empty());
    changes.ends.push_back({.slot = slot.row.id,
                            .id = slot.attempts[attempt].id,
                            .block_hash = seen.block_hash,
                            .block = seen.block,
                            .fee_wei = seen.fee,
                            .executed = seen.executed,
                            .at = now_});
    const bool pays = seen.executed && !slot.attempts[attempt].gives_up;
    if (!pays || seen.paid.empty()) {
        return step_all(
            slot, pays ? State::paid : State::returned, &seen,
            slot.attempts[attempt].gives_up ? "its nonce was given up" : "the chain executed it as a failure", changes);
    }
    // A batch's payments are in the order of its payouts, as they were signed.
    std::size_t next = 0;
    for (const auto& [id, payout] : payouts_) {
        if (payout.slot != slot.row.id) continue;
        STIPEND_ASSERT(next < seen.paid.size());
        ledger::PayoutStep step{.payout = id, .state = State::returned, .slot = slot.row.id, .at = now_};
        if (seen.paid[next++]) {
            step.state = State::paid;
            step.block_hash = seen.block_hash;
            step.block = seen.block;
        } else {
            step.reason = "the batch's contract reports that its payee did not take it";
        }
        changes.steps.push_back(std::move(step));
    }
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
