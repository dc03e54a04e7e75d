// A payout as `stipend payouts` prints it and the API answers with it.
#pragma once

#include "host/ledger/ledger.hpp"
#include "stipend/json.hpp"

namespace stipend::ledger {

// One object. Its texts are as they were written: unfit for a terminal. [pure]
[[nodiscard]] Json payout_json(const PayoutLine& line);
// The same with its steps, and with the nonce that it was bound to last. [pure]
[[nodiscard]] Json payout_json(const PayoutHistory& history);

}  // namespace stipend::ledger
