// Payouts: how what is owed gets paid on a chain, and each step of it.
//
// A payout reserves all that one payee is owed, and is paid by one slot (a nonce of the payer) or goes back. A slot is
// assigned before anything is signed for it, each signed text is recorded before it is sent, and a slot ends by what
// the chain says of it for good. All rows are part of the audit chain; none ever changes but for the state of a payout,
// which is that of its last step.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/signed_wei.hpp"
#include "host/ledger/row_types.hpp"
#include "stipend/abi/types.h"

namespace stipend::ledger {

// Stored: never renumber.
enum class PayoutState : std::uint8_t {
    reserved = 1,   // the amount is kept for it; nothing is signed
    held = 2,       // as reserved, until a person or a limit releases it
    bound = 3,      // it has a slot, for good
    sent = 4,       // signed bytes have left the process at least once
    mined = 5,      // in a block
    confirmed = 6,  // in a block that is deep
    paid = 7,       // in a block that can no longer be replaced: the end
    returned = 8,   // owed again, since it can no longer be executed: the end
    frozen = 9,     // the chain or the signer contradicts this ledger: only a person moves it
};

// Whether a payout may go from one state to another.
[[nodiscard]] constexpr bool can_follow(PayoutState from, PayoutState to) {
    using enum PayoutState;
    constexpr std::array<std::pair<PayoutState, PayoutState>, 31> edges{{
        {reserved, held},   {reserved, bound},     {reserved, returned}, {reserved, frozen}, {held, reserved},
        {held, returned},   {held, frozen},        {bound, reserved},    {bound, sent},      {bound, mined},
        {bound, paid},      {bound, returned},     {bound, frozen},      {sent, mined},      {sent, confirmed},
        {sent, paid},       {sent, returned},      {sent, frozen},       {mined, sent},      {mined, confirmed},
        {mined, paid},      {mined, returned},     {mined, frozen},      {confirmed, sent},  {confirmed, mined},
        {confirmed, paid},  {confirmed, returned}, {confirmed, frozen},  {frozen, bound},    {frozen, paid},
        {frozen, returned},
    }};
    for (const auto& [a, b] : edges) {
        if (a == from && b == to) return true;
    }
    return false;
}
[[nodiscard]] constexpr bool is_over(PayoutState state) {
    return state == PayoutState::paid || state == PayoutState::returned;
}
[[nodiscard]] std::string_view payout_state_name(PayoutState state);

// Stored: never renumber.
enum class SlotState : std::uint8_t {
    open = 0,
    ended = 1,  // the chain has executed its nonce for good: by one of its attempts, or by another transaction
    free = 2,   // nothing was ever signed for it: its nonce can be given again
};

using PayoutId = std::int64_t;  // 1, 2, 3 ... in the order of their reservation
using SlotId = std::int64_t;    // 1, 2, 3 ... in the order of their assignment

// The reservation: all that its payee is owed on one network by the rows ahead of it in the chain, so that no decision
// is in two of them. An orchestrator has one payout at a time on each network that is not over.
struct Payout {
    PayoutId id = 0;
    OrchestratorId orchestrator = 0;
    std::string to = {};  // "0x" and 40 digits in lower case: frozen
    SignedWei wei = {};   // above 0; in the smallest unit of the network's asset
    stipend_unix_ns at = 0;
    NetworkId network = 0;  // on which it is owed, and paid
    friend bool operator==(const Payout&, const Payout&) = default;
};

// A nonce of the payer, given to payouts.
struct Slot {
    SlotId id = 0;
    std::string payer = {};  // as `to`
    std::uint64_t nonce = 0;
    std::uint32_t payouts = 0;  // that are bound to it; 0: it pays nothing, such as one that was given up
    stipend_unix_ns at = 0;
    NetworkId network = 0;  // of all of them
    friend bool operator==(const Slot&, const Slot&) = default;
};

// Bytes that were signed for a slot. Append-only; all of one slot pay the same.
struct Attempt {
    SlotId slot = 0;
    Hash id = {};  // by which the chain names it
    std::string raw = {};
    SignedWei tip_wei = {};  // per gas
    SignedWei cap_wei = {};  // per gas
    std::uint64_t gas = 0;
    bool gives_up = false;  // pays nothing: it takes the slot, whose payouts go back once it is final
    stipend_unix_ns at = 0;
    friend bool operator==(const Attempt&, const Attempt&) = default;
};

// A payout takes another state.
struct PayoutStep {
    PayoutId payout = 0;
    PayoutState state = PayoutState::reserved;
    SlotId slot = 0;          // of `bound` and what follows; 0 for the others
    Hash block_hash = {};     // of `mined`, `confirmed` and `paid`
    std::uint64_t block = 0;  // the same
    std::string reason = {};  // why: of `held`, `returned` and `frozen`; for people
    std::string by = {};      // the person or program that moved it; empty: the host itself
    stipend_unix_ns at = 0;
    friend bool operator==(const PayoutStep&, const PayoutStep&) = default;
};

// How a slot ended.
enum class EndKind : std::uint8_t {
    attempt,    // the chain has executed one of its attempts
    free,       // nothing was ever signed for it, and its nonce can be given again
    elsewhere,  // its nonce was used by a transaction that is not this ledger's; a person has ordered its end
};

// The end of a slot: which of its attempts the chain has executed, and what that cost.
struct SlotEnd {
    SlotId slot = 0;
    Hash id = {};  // of the attempt; zero: none
    Hash block_hash = {};
    std::uint64_t block = 0;  // of the attempt; `elsewhere`: a final block, by which the nonce was used; `free`: 0
    SignedWei fee_wei = {};
    bool executed = false;  // it did what it should, or a person has ordered that it counts as such
    // The person that ordered it: of `elsewhere`, and of an attempt that did something else than it should. Otherwise
    // empty.
    std::string by = {};
    stipend_unix_ns at = 0;
    [[nodiscard]] EndKind kind() const {
        if (id != Hash{}) return EndKind::attempt;
        return block == 0 ? EndKind::free : EndKind::elsewhere;
    }
    friend bool operator==(const SlotEnd&, const SlotEnd&) = default;
};

inline constexpr std::size_t max_attempt_bytes = std::size_t{128} << 10;
inline constexpr std::size_t max_attempts = 100;  // of one slot
inline constexpr std::size_t max_slot_payouts = 1'000;
inline constexpr std::size_t max_past_days = 7;  // of OpenPayouts

// What changes together, in this order.
struct PayoutChanges {
    std::vector<Payout> reserved = {};
    std::vector<Slot> slots = {};
    std::vector<Attempt> attempts = {};
    std::vector<SlotEnd> ends = {};
    std::vector<PayoutStep> steps = {};

    [[nodiscard]] bool empty() const {
        return reserved.empty() && slots.empty() && steps.empty() && attempts.empty() && ends.empty();
    }
};

// All that is not over, to go on with after a start.
struct OpenPayout {
    Payout row;
    PayoutState state = PayoutState::reserved;
    SlotId slot = 0;  // 0: none
    std::string reason = {};
    stipend_unix_ns changed_at = 0;
};
struct OpenSlot {
    Slot row;
    std::vector<Attempt> attempts = {};  // the oldest first
};
// What was bound on the last UTC day with a payout, to one address.
struct BoundDay {
    std::int64_t day = 0;  // UTC day number
    std::string to = {};
    SignedWei wei = {};
};
// A payee whose last payout failed on the chain, with none released by a person since.
struct FailedPayee {
    OrchestratorId orchestrator = 0;
    PayoutId payout = 0;  // that failed
};
// Of one network.
struct OpenPayouts {
    NetworkId network = 0;
    std::uint64_t chain_id = 0;             // that it is on
    std::vector<OpenPayout> payouts = {};   // by id
    std::vector<OpenSlot> slots = {};       // by id
    std::vector<BoundDay> bound = {};       // by address
    std::vector<SignedWei> past_days = {};  // what was bound on the days with payouts before that one, the newest first
    std::int64_t released_day = 0;          // UTC day number on which a person released a payout last; 0: none was
    std::vector<Slot> last_slots = {};      // of each payer, the one with the highest nonce that is not free again
    std::vector<FailedPayee> failed = {};   // by orchestrator
    std::uint64_t reverts = 0;  // slots that the chain executed as failures since a person last released a payout
    PayoutId next_payout = 1;
    SlotId next_slot = 1;
};

}  // namespace stipend::ledger
