// The factor of demand, cycle by cycle: when it is computed, and what of. [control]
#pragma once

#include <optional>
#include <vector>

#include "host/ledger/demand_rule.hpp"

namespace stipend::engine {

// The payer's own jobs beside its checks. Nothing in it is what an orchestrator says; what one can do, which is to
// answer late, or badly, raises none of them but `failed`.
struct PayerJobs {
    std::uint64_t asked = 0;    // since the start, of each orchestrator one
    std::uint64_t failed = 0;   // of them
    std::uint64_t waiting = 0;  // that the payer's own rate keeps for later
};

class DemandMeter {
  public:
    // The rows of earlier runs, in the order of the chain.
    void restore(const std::vector<ledger::Demand>& rows);
    // The rules in force from now on. Returns the row by which none is computed any more, where one was until now.
    [[nodiscard]] std::optional<ledger::Demand> set_rules(const std::optional<ledger::DemandRules>& rules,
                                                          const PayerJobs& jobs, stipend_unix_ns now);
    // When the present cycle ends; none: no factor is computed. A run begins with a whole cycle.
    [[nodiscard]] std::optional<stipend_unix_ns> ends_at() const;
    // Ends the cycle, which is due: the row to be written, whose factor is in force from now on.
    [[nodiscard]] ledger::Demand end_cycle(const PayerJobs& jobs, std::uint64_t up, stipend_unix_ns now);

    // What policies are handed; 0: none.
    [[nodiscard]] std::uint32_t factor_ppm() const { return last_ ? static_cast<std::uint32_t>(last_->factor_ppm) : 0; }
    // The newest row, of this run or of an earlier one.
    [[nodiscard]] const std::optional<ledger::Demand>& last() const { return last_; }
    [[nodiscard]] const std::optional<ledger::DemandRules>& rules() const { return rules_; }

  private:
    void take(const ledger::Demand& row);

    std::optional<ledger::DemandRules> rules_;
    std::optional<ledger::Demand> last_;
    ledger::DemandWindow window_;
    stipend_unix_ns from_ = 0;  // of the present cycle
    PayerJobs seen_;            // when it began
};

}  // namespace stipend::engine
