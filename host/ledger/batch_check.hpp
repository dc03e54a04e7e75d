// Whether a batch agrees with itself, before the disk is touched.
#pragma once

#include "host/ledger/rows.hpp"
#include "stipend/result.hpp"

namespace stipend::ledger {

// INVALID or LIMIT, naming the first row that is wrong. [pure]
[[nodiscard]] Result<void> check_batch(const Batch& batch);

}  // namespace stipend::ledger
