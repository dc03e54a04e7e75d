// Payouts as they are read.
#pragma once

#include "host/base/sqlite.hpp"
#include "host/ledger/ledger.hpp"

namespace stipend::ledger {

// Of one network of the namespace: what is not over, and what the next ones follow. INVALID: it is damaged, or there is
// no such network.
[[nodiscard]] Result<OpenPayouts> load_open_payouts(sqlite::Database& database, std::int64_t ns, NetworkId network);

// The payout as the row at that place of the chain left it: its reservation, or one of its steps. None: it is of
// another namespace. INVALID: it is damaged.
[[nodiscard]] Result<std::optional<PayoutLine>> payout_at(sqlite::Database& database, std::int64_t ns, Seq seq);

}  // namespace stipend::ledger
