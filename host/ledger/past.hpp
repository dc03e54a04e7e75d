// How the ledger was at an earlier time: what was decided last of each orchestrator, and what was owed, under way and
// paid.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/ledger/rows.hpp"
#include "stipend/result.hpp"

namespace stipend::ledger {

// On one network, in the smallest unit of its asset. An amount is in one of the three.
struct PastAmounts {
    NetworkId network = 0;
    SignedWei owed = {};
    SignedWei under_way = {};  // reserved by a payout that was neither paid nor returned
    SignedWei paid = {};
};

struct PastStanding {
    std::string key = {};
    Seq seq = 0;                            // of `last` in the chain
    std::optional<Decision> last = {};      // none: none yet, or it is archived
    std::vector<PastAmounts> amounts = {};  // by network; without those where all three are 0
};

struct Past {
    Seq row = 0;  // the last row of the chain that was written by then; 0: none
    std::vector<Network> networks = {};
    std::vector<PastStanding> standings = {};  // by id; without those that were added later
};

inline constexpr Seq max_past_rows = 5'000'000;  // behind that row

// Of a namespace; of all its orchestrators, or of the one with that key. What one transaction wrote is seen whole. The
// rows behind that time are added up, so that a call takes longer the further it looks back: some seconds at most. It
// relies on times that rise along the chain; where the clock was set back, the time is found on one side of that place.
// Opens the file for itself, beside a writer; blocks on the disk. CONFIG: there is no ledger. INVALID: a row is
// damaged, or that time is archived. LIMIT: it is more than `max_past_rows` back. [any thread but control and the
// ledger's]
[[nodiscard]] Result<Past> past(const std::filesystem::path& database, const Namespace& ns, stipend_unix_ns at,
                                std::optional<std::string_view> key = {});

}  // namespace stipend::ledger
