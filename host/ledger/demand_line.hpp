// The factors of demand as they are read.
#pragma once

#include <functional>

#include "host/ledger/demand_rows.hpp"
#include "host/ledger/row_types.hpp"
#include "stipend/result.hpp"

namespace stipend::ledger {

// The factor of one cycle, with its place in the chain.
struct DemandLine {
    Seq seq = 0;
    Demand row = {};
};
// An error stops the reading, which returns it.
using DemandSink = std::function<Result<void>(const DemandLine&)>;

struct DemandFilter {
    stipend_unix_ns from = 0;  // of the ends of cycles: [from, to)
    stipend_unix_ns to = INT64_MAX;
    Seq after = 0;
    std::int64_t limit = 10'000;
};

}  // namespace stipend::ledger
