// Debts and payouts as a ledger gives them to readers. Times are in UTC nanoseconds, amounts in the smallest unit of
// the network's asset.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/ledger/network_rows.hpp"
#include "host/ledger/payout_rows.hpp"
#include "stipend/result.hpp"

namespace stipend::ledger {

// A payout, as it is now or was after one of its steps.
struct PayoutLine {
    std::string key = {};  // of the orchestrator
    Payout row = {};
    PayoutState state = PayoutState::reserved;
    SlotId slot = 0;                      // 0: none
    Network network = {};                 // of the row
    std::optional<PayoutStep> last = {};  // none: it is as it was reserved
};

// What an orchestrator is owed, and since when it waits for it: its last payout, or else the first sight of it.
struct Debt {
    OrchestratorId orchestrator = 0;
    SignedWei owed = {};
    stipend_unix_ns since = 0;
};
struct DebtFilter {
    NetworkId network = 0;
    SignedWei at_least = {};
    stipend_unix_ns or_before = 0;  // or less, where it waits since then or before
};

// The newest first.
struct PayoutFilter {
    std::optional<OrchestratorId> orchestrator = {};
    std::optional<NetworkId> network = {};
    bool open = false;                    // only those that are not over
    std::optional<PayoutId> before = {};  // a cursor
    std::uint64_t limit = UINT64_MAX;
};
using PayoutSink = std::function<Result<void>(const PayoutLine&)>;

// All that is recorded of one payout.
struct PayoutHistory {
    PayoutLine line = {};
    std::vector<PayoutStep> steps = {};
    std::optional<Slot> slot = {};       // the last one that it had
    std::vector<Attempt> attempts = {};  // of that slot, the oldest first
    std::optional<SlotEnd> end = {};     // of that slot
};

// A slot that has ended by one of its attempts.
struct EndedSlot {
    Slot row = {};
    SlotEnd end = {};
    bool gives_up = false;        // that attempt paid nothing
    std::vector<bool> paid = {};  // of its payouts, by id
};

// What is owed on one network.
struct NetworkDebt {
    Network network = {};
    SignedWei owed = {};
};

struct Balance {
    OrchestratorId orchestrator = 0;
    std::string key = {};
    SignedWei owed = {};                   // on the network that it is on
    Network network = {};                  // that one
    std::vector<NetworkDebt> others = {};  // by network; only those with a debt
    SignedWei fees = {};                   // what its jobs cost
};

}  // namespace stipend::ledger
