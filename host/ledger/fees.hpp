// How a fee changes what the ledger holds of its orchestrator. Pure; the engine makes fees by it, the writer and
// `verify` check them by it.
#pragma once

#include "host/ledger/rows.hpp"

namespace stipend::ledger {

struct FeeStep {
    SignedWei moved = {};
    FeeState after = {};
};

// The highest amount that a fee may have, 10^27 wei: more ether than there is.
[[nodiscard]] const SignedWei& max_fee();

// The highest amount that the fees of an orchestrator add up to, 10^60 wei, so that sums over all orchestrators stay in
// the range of an amount.
[[nodiscard]] const SignedWei& max_fee_total();

// The UTC day on which a fee counts.
[[nodiscard]] std::int64_t fee_day(stipend_unix_ns at);

// A reservation counts on its day. A closing takes back what the job did not cost, on the day that the state counts:
// of a job over midnight, the cost counts on the later day as far as the reservations of that day reach. A return is of
// the day that the state counts.
// INVALID: a closing above the reservation, an addition without one, a return above what else the day counts. LIMIT: an
// amount out of range.
[[nodiscard]] Result<FeeStep> fee_step(const FeeState& before, FeeKind kind, const SignedWei& wei, std::int64_t day);

}  // namespace stipend::ledger
