// Reads the factors of demand that a ledger holds.
#pragma once

#include <utility>
#include <vector>

#include "host/base/sqlite.hpp"
#include "host/ledger/rows.hpp"

namespace stipend::ledger {

// The rows that bound the next one of a namespace: all of the 24 hours before the last, and the one before these.
[[nodiscard]] Result<std::vector<Demand>> load_demands(sqlite::Database& database, std::int64_t ns);

// Which factor decisions were handed, by their places in the chain. What it holds grows with the cycles of the ledger:
// 16 bytes for each.
class DemandFactors {
  public:
    [[nodiscard]] static Result<DemandFactors> load(sqlite::Database& database, std::int64_t ns);
    // 0: none.
    [[nodiscard]] std::uint32_t at(Seq seq) const;

  private:
    std::vector<std::pair<Seq, std::uint32_t>> factors_;  // by place
};

}  // namespace stipend::ledger
