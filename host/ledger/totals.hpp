// What all orchestrators together are owed and were paid, on each network.
#pragma once

#include <filesystem>
#include <vector>

#include "host/ledger/network_rows.hpp"
#include "stipend/result.hpp"

namespace stipend::ledger {

// In the smallest unit of the network's asset. An amount is in one of the three.
struct NetworkTotals {
    Network network = {};
    SignedWei owed = {};
    SignedWei under_way = {};  // of payouts that are neither paid nor returned
    SignedWei paid = {};       // by payouts that are paid for good
};

// Those of a namespace, by network. Looks at each orchestrator and each payout, so that callers keep the answer for
// some seconds. Opens the file for itself, beside a writer; blocks on the disk. CONFIG: there is no ledger. INVALID: a
// row is damaged, or a sum does not fit. [any thread but control and the ledger's]
[[nodiscard]] Result<std::vector<NetworkTotals>> totals(const std::filesystem::path& database, const Namespace& ns);

}  // namespace stipend::ledger
