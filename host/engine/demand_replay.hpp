// The factors of recorded cycles: as they were recorded, or computed again by other rules from what the cycles saw.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "host/ledger/demand_rule.hpp"
#include "host/ledger/ledger.hpp"
#include "stipend/json.hpp"

namespace stipend::engine {

class DemandReplay {
  public:
    // One cycle. Factors in parts per million; 0: none.
    struct Cycle {
        ledger::Seq seq = 0;
        stipend_unix_ns at = 0;
        std::uint32_t recorded = 0;
        std::uint32_t again = 0;
        std::uint64_t asked = 0, failed = 0, up = 0;  // as recorded
    };
    static constexpr std::size_t max_series = 1000;

    // Reads all cycles of the namespace, some 50 bytes for each. `rules`: those to compute again by; none: as recorded.
    // The number that were up, and the jobs, are what was recorded: what they would have been is not known. `proceed`
    // is asked now and then; an error of it ends the reading.
    [[nodiscard]] static Result<DemandReplay> read(ledger::Ledger& book,
                                                   const std::optional<ledger::DemandRules>& rules,
                                                   const std::function<Result<void>()>& proceed = {});

    // The factor that a decision at that place would have been handed; 0 where none was computed by then.
    [[nodiscard]] std::uint32_t at(ledger::Seq seq) const;
    [[nodiscard]] const std::vector<Cycle>& cycles() const { return cycles_; }
    // {"cycles","by","least","most","last","series"}: the series has each cycle of [from, to), or, where these are more
    // than `max_series`, the last one of each of so many equal parts, with the jobs of all cycles of its part. Null
    // where there is no such cycle.
    [[nodiscard]] Json json(stipend_unix_ns from, stipend_unix_ns to) const;

  private:
    std::vector<Cycle> cycles_;
    bool by_rules_ = false;
};

}  // namespace stipend::engine
