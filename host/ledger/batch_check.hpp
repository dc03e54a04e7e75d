// Checks that a batch is consistent in itself before anything is written.
#pragma once

#include "host/ledger/rows.hpp"
#include "stipend/result.hpp"

namespace stipend::ledger {

// INVALID or LIMIT; the message names the first invalid row. [pure]
[[nodiscard]] Result<void> check_batch(const Batch& batch);

}  // namespace stipend::ledger
