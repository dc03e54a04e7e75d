#include "host/settlement/waiting.hpp"

#include <algorithm>

namespace stipend::settlement {
namespace {

using State = ledger::PayoutState;

Waiting reserved(const Settler& settler, const ledger::OpenPayout& payout, stipend_unix_ns now) {
    if (settler.waits_for_a_day(payout)) {
        return {.text = "the limits of this UTC day: payouts.per_day or payouts.per_payee_day",
                .command = {},
                .next = (now / ns_per_day + 1) * ns_per_day};
    }
    if (!payout.reason.empty()) return {.text = payout.reason};
    if (settler.slots().size() >= settler.rules().window) {
        return {.text = cat("others: ", settler.slots().size(), " nonces are open, as many as may be at once")};
    }
    return {.text = "its turn to be bound to a nonce"};
}

// The signer in force has another key.
Waiting of_earlier_payer(const Settler::SlotView& slot) {
    return {.text = cat("nonce ", slot.row.nonce, " of an earlier payer, ", slot.row.payer, ": ",
                        slot.attempts.empty() ? "nothing is signed for it"
                                              : "what is signed for it is sent again, with the same fees"),
            .command = cat("to sign it, or sign it with higher fees: set `payouts.config.payer` back to ",
                           slot.row.payer, ", and `signer` to its signer, then `stipend reload`, until it is final")};
}

Waiting sent(const Settler& settler, const Settler::SlotView& slot) {
    const auto& rules = settler.rules();
    const auto& newest = slot.attempts.back();
    const auto& account = settler.account();
    const auto nonce = cat("nonce ", slot.row.nonce);
    if (account && account->payer != slot.row.payer) return of_earlier_payer(slot);
    if (account && account->payer == slot.row.payer && account->next_slot < slot.row.nonce) {
        return {.text = cat(nonce, " waits for nonce ", account->next_slot, ", which the chain executes first")};
    }
    const auto bids = cat(nonce, " bids ", newest.cap_wei.text(), " wei for one gas");
    if (slot.attempts.size() >= ledger::max_attempts) {
        return {.text = cat(bids, ", and was signed ", slot.attempts.size(), " times, which is the most")};
    }
    if (!slot.dear.empty()) return {.text = cat(bids, ", and is not signed with higher fees: ", slot.dear)};
    if (account && newest.cap_wei < account->base_fee) {
        return {.text = cat(bids, ", but the chain takes ", account->base_fee.text()),
                .next = newest.at + rules.replace_after_ns};
    }
    const bool seen = std::ranges::any_of(slot.sightings, [](const auto& s) { return s.phase != Phase::unknown; });
    if (!seen && slot.sent_at != 0) {
        return {.text = cat(bids, ": no node knows of it yet"), .next = slot.sent_at + rules.resend_after_ns};
    }
    return {.text = cat(bids, ": a block that takes it"), .next = newest.at + rules.replace_after_ns};
}

Waiting in_block(const Settler::SlotView& slot) {
    const auto seen = std::ranges::find(slot.sightings, Phase::in_block, &Sighting::phase);
    if (seen == slot.sightings.end()) return {.text = "its block to become final"};
    return {.text = cat("its block ", seen->block, " to become final; ", seen->depth, " blocks are above it")};
}

bool did_other(const Settler::SlotView& slot) {
    return std::ranges::any_of(slot.sightings, [](const Sighting& one) { return !one.other.empty(); });
}

std::string_view command_of(std::string_view block) {
    if (block == blocks::foreign) {
        return "`stipend reconcile` says what differs; once you know what it was, `stipend reconcile --accept-foreign`";
    }
    if (block == blocks::restored) {
        return "`stipend reconcile` compares it with the chain, and ends this where they agree; where you know what "
               "differs, `stipend reconcile --accept-restored`";
    }
    if (block == blocks::endpoints || block == blocks::chain) return "`stipend reconcile` says what differs";
    if (block == blocks::surge) {
        return "`stipend payouts list` and `stipend explain` show what is paid and why; the first `stipend payouts "
               "release` lets all go on, for this UTC day";
    }
    if (block == blocks::shrunk) {
        return "a block explorer shows what moved the payer's tokens; the first `stipend payouts release` lets all go "
               "on";
    }
    if (block == blocks::reverts) {
        return "`stipend payouts list --all` shows what failed; the first `stipend payouts release` lets all go on";
    }
    if (block == blocks::funds) return "send the payer what is missing, or set lower limits";
    if (block == blocks::clock) return "set this machine's clock, or take other endpoints";
    return {};
}

}  // namespace

Waiting waiting_of_all(const Settler& settler) {
    if (settler.rules().stopped) {
        return {.text = "payouts are stopped by the configuration",
                .command = "set `payouts.stopped: false`, then `stipend reload`"};
    }
    const auto block = settler.block();
    return {.text = block.text, .command = std::string(command_of(block.id))};
}

Waiting waiting_of(const Settler& settler, ledger::PayoutId id, stipend_unix_ns now) {
    const auto& payout = settler.payouts().at(id);
    const auto slot = settler.slots().find(payout.slot);
    if (payout.state == State::held) {
        return {.text = cat("a person: ", payout.reason),
                .command = cat("`stipend payouts release ", id, "` once that is mended, or `stipend payouts return ",
                               id, "`, after which it is owed again")};
    }
    if (payout.state == State::frozen && slot != settler.slots().end() && did_other(slot->second)) {
        return {
            .text = cat("a person: ", payout.reason),
            .command = cat("a block explorer shows what it moved; once its block is final, `stipend payouts unfreeze ",
                           id, " --as paid` where its payee has what it was owed, or else `--as owed`")};
    }
    if (payout.state == State::frozen) {
        return {.text = cat("a person: ", payout.reason),
                .command =
                    cat("`stipend reconcile` says what differs; once you know, `stipend payouts unfreeze ", id, "`")};
    }
    if (slot != settler.slots().end() && !slot->second.unread.empty()) {
        return {.text = cat("an answer of the chain about it that can be read: ", slot->second.unread),
                .command =
                    "`stipend reconcile` says whether the others can be read; take a node that answers wrong out "
                    "of `rpc`, or put back the configuration that it was signed by, then `stipend reload`",
                .next = settler.next_look()};
    }
    if (payout.state == State::mined || payout.state == State::confirmed) {
        return slot == settler.slots().end() ? Waiting{.text = "its block to become final"} : in_block(slot->second);
    }
    if (auto all = waiting_of_all(settler); !all.text.empty()) return all;
    if (payout.state == State::reserved) return reserved(settler, payout, now);
    if (slot == settler.slots().end()) return {.text = "the signer"};
    if (slot->second.attempts.empty()) {
        const bool earlier = settler.account() && settler.account()->payer != slot->second.row.payer;
        return earlier ? of_earlier_payer(slot->second) : Waiting{.text = "the signer"};
    }
    return sent(settler, slot->second);
}

}  // namespace stipend::settlement
