// What is bound is signed, recorded, and then sent; again and with higher fees where the chain does not take it.
#include <algorithm>

#include "host/base/keccak.hpp"
#include "host/settlement/settler.hpp"

namespace stipend::settlement {
namespace {

constexpr std::size_t max_signed_at_once = 64;

// An eighth more, rounded up: what nodes ask of a replacement, and some more.
SignedWei raised(const SignedWei& fee) {
    const CheckedU256 old = fee.magnitude().value();
    const CheckedU256 more = old + (old + 7) / 8;
    const auto out = SignedWei::of(Wei(more));
    return out ? *out : SignedWei::highest();
}

}  // namespace

Hash batch_id(std::uint64_t chain_id, std::string_view payer, std::uint64_t nonce) {
    return keccak256(cat("stipend batch ", chain_id, " ", payer, " ", nonce));
}

SlotWork Settler::work_of(const SlotView& slot, bool gives_up) const {
    SlotWork out{.nonce = slot.row.nonce, .payer = slot.row.payer};
    if (gives_up) return out;
    for (const auto& [id, payout] : payouts_) {
        if (payout.slot == slot.row.id) out.payments.push_back({payout.row.to, payout.row.wei});
    }
    STIPEND_ASSERT(out.payments.size() == slot.row.payouts);
    if (slot.row.payouts > 1) out.batch = batch_id(rules_.chain_id, slot.row.payer, slot.row.nonce);
    return out;
}

// What the signer remembers of each that is bound comes first: one that it refuses is taken back with those above it,
// which needs to be known then. Then the lowest nonce: a node keeps no higher one waiting for long.
bool Settler::sign() {
    for (auto& [id, slot] : slots_) {
        if (!slot.attempts.empty() || slot.row.payer != account_->payer) continue;
        if (is_frozen(id)) break;
        if (slot.recalled) continue;
        working_ = id;
        chain_.recall(slot.row.nonce, answer(&Settler::take_recalled));
        return true;
    }
    for (auto& [id, slot] : slots_) {
        if (!slot.attempts.empty() || slot.row.payer != account_->payer) continue;
        if (is_frozen(id)) return false;  // no higher nonce is executed before it
        working_ = id;
        if (slot.signed_before) {
            ask_for_signature(slot, *slot.signed_before, slot.gives_up);
        } else if (slot.gas == 0) {
            chain_.estimate(work_of(slot, slot.gives_up), answer(&Settler::take_estimate_of_slot));
        } else if (account_->cap > rules_.max_cap) {
            return false;  // gas has become dearer since it was bound: it waits, as what is not bound yet does
        } else {
            ask_for_signature(slot, {.tip = account_->tip, .cap = account_->cap, .gas = slot.gas}, slot.gives_up);
        }
        return true;
    }
    return false;
}

void Settler::take_estimate_of_slot(Result<Estimate> estimate) {
    // A batch that was bound while the plugin knew a contract for it, which it knows no longer.
    const bool unsupported = !estimate && estimate.error().status == STIPEND_E_UNSUPPORTED;
    if (unsupported && slots_.at(working_).row.payouts > 1) estimate = Estimate{.reason = estimate.error().message};
    if (!estimate) return failed("an estimate of gas", estimate.error());
    auto& slot = slots_.at(working_);
    if (estimate->accepted && estimate->gas > 0) {
        slot.gas = slot.likely = estimate->gas;
        return;
    }
    if (slot.gives_up) return failed("an estimate of gas", fail(STIPEND_E_UNAVAILABLE, estimate->reason));
    refusal_ = cat("the chain would refuse it: ", estimate->reason);
    chain_.recall(slot.row.nonce, answer(&Settler::take_recalled));
}

void Settler::ask_for_signature(SlotView& slot, Fees fees, bool gives_up) {
    working_ = slot.row.id;
    work_ = work_of(slot, gives_up);
    work_.fees = std::move(fees);
    chain_.sign(work_, answer(&Settler::take_signed));
}

void Settler::take_signed(Result<SignedBytes> bytes) {
    auto& slot = slots_.at(working_);
    // Until its bytes are recorded the signer may know more of it than this ledger does.
    slot.recalled = false;
    // What was signed ahead of one that was not is recorded first; that one is asked for again.
    const bool sound =
        bytes && !bytes->refused && bytes->id != Hash{} && !bytes->raw.empty() && bytes->fees == work_.fees;
    if (!sound && !signed_.empty()) return record_signed();
    if (!bytes) return failed("a signature", bytes.error());
    if (bytes->refused) {
        const auto reason = bytes->reason.empty() ? "the signer refuses it" : bytes->reason;
        if (!slot.attempts.empty() || slot.gives_up) return failed("a signature", fail(STIPEND_E_LIMIT, reason));
        refusal_ = reason;
        return chain_.recall(slot.row.nonce, answer(&Settler::take_recalled));
    }
    if (!sound) return failed("a signature", fail(STIPEND_E_INVALID, "the signed bytes are not what was asked for"));
    signed_.attempts.push_back({.slot = working_,
                                .id = bytes->id,
                                .raw = bytes->raw,
                                .tip_wei = bytes->fees.tip,
                                .cap_wei = bytes->fees.cap,
                                .gas = bytes->fees.gas,
                                .gives_up = work_.payments.empty(),
                                .at = now_});
    for (const auto& [id, payout] : payouts_) {
        if (payout.slot != working_ || payout.state != State::bound) continue;
        signed_.steps.push_back({.payout = id, .state = State::sent, .slot = working_, .at = now_});
    }
    if (!slot.attempts.empty() || !sign_next()) record_signed();
}

bool Settler::sign_next() {
    if (signed_.attempts.size() >= max_signed_at_once) return false;
    for (auto slot = slots_.upper_bound(working_); slot != slots_.end(); ++slot) {
        auto& [id, next] = *slot;
        if (next.row.payer != account_->payer) continue;
        const bool waits = next.attempts.empty() && next.recalled && !next.signed_before && next.gas != 0;
        if (!waits || is_frozen(id) || account_->cap > rules_.max_cap || rules_.stopped) return false;
        ask_for_signature(next, {.tip = account_->tip, .cap = account_->cap, .gas = next.gas}, next.gives_up);
        return true;
    }
    return false;
}

void Settler::record_signed() {
    auto changes = std::exchange(signed_, {});
    std::vector<SlotId> slots;
    for (const auto& one : changes.attempts) slots.push_back(one.slot);
    commit(std::move(changes), [this, slots = std::move(slots)] {
        for (const auto id : slots) {
            auto& one = slots_.at(id);
            one.sent_at = 0;
            one.signed_before.reset();
            one.recalled = true;
        }
    });
}

// What the signer remembers of a nonce, asked after a start, or after it or the chain has refused what it was given
// for.
void Settler::take_recalled(Result<std::vector<SignedBytes>> recalled) {
    if (!recalled) return failed("the signer's memory", recalled.error());
    auto& slot = slots_.at(working_);
    const auto refusal = std::exchange(refusal_, {});
    if (refusal.empty()) {
        // The same request gives the same bytes: these were signed, and the answer was lost.
        slot.recalled = true;
        if (recalled->empty() ||
            std::ranges::find(slot.attempts, recalled->back().id, &ledger::Attempt::id) != slot.attempts.end()) {
            return;
        }
        slot.signed_before = recalled->back().fees;
        slot.gives_up = recalled->back().gives_up;
        return;
    }
    if (recalled->empty()) return take_back(slot, refusal);
    if (!slot.signed_before) {
        // It was refused for what the signer has signed without this ledger: that is asked for, to the letter.
        slot.recalled = true;
        slot.signed_before = recalled->back().fees;
        slot.gives_up = recalled->back().gives_up;
        return;
    }
    ledger::PayoutChanges changes;
    step_all(slot, State::frozen, nullptr,
             cat("the signer has signed nonce ", slot.row.nonce, " for something else: ", refusal)
                 .substr(0, ledger::max_reason_bytes),
             changes);
    if (!changes.empty()) commit(std::move(changes));
}

// All open slots of the payer above this one, the highest first, if nothing was ever signed for any of them.
std::optional<std::vector<SlotId>> Settler::unsigned_above(const SlotView& slot) const {
    std::vector<SlotId> out;
    for (auto above = slots_.rbegin(); above != slots_.rend() && above->first != slot.row.id; ++above) {
        const auto& [id, other] = *above;
        if (other.row.payer != slot.row.payer) continue;
        if (!other.attempts.empty() || !other.recalled || other.signed_before || is_frozen(id)) return std::nullopt;
        out.push_back(id);
    }
    // Where one has ended already, the chain has executed its nonce; another one may be of another network.
    const auto last = numbering_.last_nonce(rules_.chain_id, slot.row.payer);
    if (last != slot.row.nonce + out.size()) return std::nullopt;
    return out;
}

// Nothing was ever signed for it. Its nonce is free again where nothing was for any above it either, and these are as
// well, so that no gap stays; otherwise it is given up.
void Settler::take_back(SlotView& slot, std::string_view reason) {
    if (!numbering_.may_assign(this))
        return failed("the ledger", Error{STIPEND_E_BUSY, "the numbers of another network are being recorded"});
    auto taken = unsigned_above(slot);
    if (!taken) {
        slot.gives_up = true;
        slot.gas = 0;
        return;
    }
    taken->push_back(slot.row.id);
    ledger::PayoutChanges changes;
    for (const auto id : *taken) {
        changes.ends.push_back({.slot = id, .at = now_});
        const auto& one = slots_.at(id);
        for (const auto& [payout, open] : payouts_) {
            if (open.slot != id) continue;
            changes.steps.push_back({.payout = payout, .state = State::reserved, .at = now_});
            if (id != slot.row.id) {
                if (one.row.payouts == 1 && one.gas != 0)
                    single_gas_[payout] = {.gas = one.gas, .likely = one.likely, .at = one.row.at};
                continue;
            }
            // Which of a batch's it is about is found by each of them alone.
            if (slot.row.payouts > 1) {
                singly_.insert(payout);
                continue;
            }
            changes.steps.push_back({.payout = payout,
                                     .state = State::held,
                                     .reason = std::string(reason.substr(0, ledger::max_reason_bytes)),
                                     .at = now_});
        }
    }
    commit(std::move(changes));
}

bool Settler::send() {
    for (auto& [id, slot] : slots_) {
        if (slot.attempts.empty() || is_frozen(id)) continue;
        const bool seen =
            std::ranges::any_of(slot.sightings, [](const Sighting& s) { return s.phase != Phase::unknown; });
        if (slot.sent_at != 0 && (seen || !slot.unread.empty() || now_ - slot.sent_at < rules_.resend_after_ns))
            continue;
        slot.sent_at = now_;
        working_ = id;
        // Which bytes are sent is decided by the ledger alone: those of its newest attempt.
        chain_.send(slot.attempts.back().raw, answer(&Settler::take_sent));
        return true;
    }
    return false;
}

// Whether a node took the bytes proves nothing: what the chain knows of them is asked for.
void Settler::take_sent(Result<void> sent) {
    static_cast<void>(sent);
    sight_due_ = std::min(sight_due_, now_ + rules_.look_every_ns);
}

bool Settler::replace() {
    // The lowest open nonce holds up all others.
    for (auto& [id, slot] : slots_) {
        if (slot.row.payer != account_->payer || is_frozen(id)) continue;
        if (slot.attempts.empty()) return false;
        if (!slot.unread.empty()) {
            // What became of it is not known; where its nonce is used, it holds up no other.
            if (account_->next_slot > slot.row.nonce) continue;
            return false;
        }
        const auto& newest = slot.attempts.back();
        const bool in_block =
            std::ranges::any_of(slot.sightings, [](const Sighting& s) { return s.phase == Phase::in_block; });
        if (in_block) continue;
        if (now_ - newest.at < rules_.replace_after_ns || slot.attempts.size() >= ledger::max_attempts) return false;
        if (!slot.recalled) {
            working_ = id;
            chain_.recall(slot.row.nonce, answer(&Settler::take_recalled));
            return true;
        }
        if (slot.signed_before) {
            ask_for_signature(slot, *slot.signed_before, slot.gives_up);
            return true;
        }
        Fees fees{.tip = std::max(raised(newest.tip_wei), account_->tip),
                  .cap = std::max(raised(newest.cap_wei), account_->cap),
                  .gas = newest.gas};
        if (fees.cap > rules_.max_cap || fees.tip > fees.cap) return false;
        // A nonce that is given up pays nothing, and holds up those above it: its only limit is that of gas.
        slot.dear = newest.gives_up ? std::string() : too_dear_again(slot, fees);
        if (!slot.dear.empty()) return false;
        ask_for_signature(slot, std::move(fees), newest.gives_up);
        return true;
    }
    return false;
}

}  // namespace stipend::settlement
