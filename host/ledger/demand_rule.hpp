// How the factor of demand is computed. Pure integer arithmetic: the host computes by it, and `verify` computes again.
#pragma once

#include <deque>
#include <utility>

#include "host/ledger/demand_rows.hpp"

namespace stipend::ledger {

inline constexpr std::int64_t demand_one = 1'000'000;  // the factor 1
inline constexpr std::int64_t max_demand_factor = 100 * demand_one;

// What the payer saw in one cycle, without what earlier cycles leave.
struct DemandSeen {
    stipend_unix_ns from = 0;
    stipend_unix_ns at = 0;  // above `from`
    std::uint64_t asked = 0;
    std::uint64_t failed = 0;
    std::uint64_t waiting = 0;
    std::uint64_t up = 0;
};

// The factors of the last 24 hours.
class DemandWindow {
  public:
    // In the order of the chain. Where the clock was set back, what came before is forgotten.
    void add(const Demand& row);
    // The smallest and the largest one that was in force in the 24 hours before `at`. Without a row: 1 and 1.
    [[nodiscard]] std::pair<std::int64_t, std::int64_t> range(stipend_unix_ns at) const;

  private:
    std::deque<std::pair<stipend_unix_ns, std::int64_t>> factors_;
};

// The row of a cycle; `last`: the row before it, NULL where there is none.
[[nodiscard]] Demand next_demand(const DemandRules& rules, const DemandWindow& window, const Demand* last,
                                 const DemandSeen& seen);
// The row by which no factor is computed any more.
[[nodiscard]] Demand no_demand(const DemandWindow& window, const Demand& last, stipend_unix_ns at);

// Jobs that a cycle does not count, since they failed, and that the next one is to take off.
[[nodiscard]] inline std::uint64_t failures_left(const Demand& row) {
    return row.failed > row.asked ? row.failed - row.asked : 0;
}
// The factor that the demand of a row asks for, within floor and ceiling: jobs of one cycle for each orchestrator of
// `supply`, over the target, rounded down. The factor before where none was ever up.
[[nodiscard]] std::int64_t wanted_ppm(const Demand& row);
// The factor that follows from all other members of a row: damped, held to the step of a day, and to the bounds.
[[nodiscard]] std::int64_t factor_of(const Demand& row);

}  // namespace stipend::ledger
