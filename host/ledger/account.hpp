// The account of one orchestrator: what it earned, row by row, and by which payouts it is paid. For receipts and
// statements.
//
// All of it on one network. A payout reserves all that is owed by the rows ahead of it, and one that is returned gives
// it back. So what a paid payout pays are the rows behind the paid one before it, up to its own: each row is below one
// paid payout.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/ledger/rows.hpp"
#include "stipend/result.hpp"

namespace stipend::ledger {

inline constexpr std::size_t max_account_rows = 2'000'000;   // decisions that are read at once
inline constexpr std::size_t max_account_others = 100'000;   // adjustments, and manual payments
inline constexpr std::size_t max_account_payouts = 100'000;  // of one statement

// Decisions between two of the account that were owed on other networks.
struct DecidedElsewhere {
    std::uint64_t first_epoch = 0;
    std::uint64_t last_epoch = 0;
};

// One of the pointers is set; valid during the call.
struct AccountLine {
    Seq seq = 0;                             // its place in the chain
    const Generation* generation = nullptr;  // ahead of the first decision that it decided; without a place
    const Decision* decision = nullptr;
    const Adjustment* adjustment = nullptr;
    const ManualPayment* payment = nullptr;
    const DecidedElsewhere* elsewhere = nullptr;      // ahead of the decision that follows them; without a place
    std::optional<std::int64_t> usd_per_eth_e8 = {};  // of a decision: the price that the chain has ahead of it
};
// An error stops the reading, which returns it.
using AccountSink = std::function<Result<void>(const AccountLine&)>;

struct PayoutFacts {
    Seq seq = 0;  // of its reservation
    Payout row = {};
    Network network = {};  // of the row
    std::string key = {};  // of the orchestrator
    PayoutState state = PayoutState::reserved;
    Slot slot = {};        // id 0: none
    SlotEnd end = {};      // slot 0: it has not ended
    PayoutStep last = {};  // its last step; payout 0: none yet
    Seq last_seq = 0;
    Hash chain = {};  // of a receipt: the hash of the chain at `last_seq`
};

// The account between two places where what is unpaid is known for itself: payouts before and after the stretch that
// was asked for, or the ends of the ledger. What is unpaid is owed, or reserved by a payout that is not over.
struct AccountSpan {
    std::string key = {};
    Network network = {};  // of all amounts
    SignedWei unpaid_before = {};
    SignedWei unpaid_after = {};
    std::vector<PayoutFacts> payouts = {};  // that were reserved in it, and the one at its beginning; by id
};

}  // namespace stipend::ledger
