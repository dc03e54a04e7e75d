// How much of the time orchestrators were up, and how their uptimes are distributed.
#pragma once

#include <array>
#include <vector>

#include "host/analysis/context.hpp"
#include "host/analysis/numbers.hpp"

namespace stipend::analysis {

// For each group the uptime of what was measured, and which time was not: taken back (excused), held by the payer's own
// fault (gaps), and not covered by any check (waits, and before the first one). None of these is downtime. By tier,
// which an orchestrator does not have, only what checks say.
class UptimeShare final : public Analysis {
  public:
    explicit UptimeShare(const Context& context) : context_(context), sums_(context) {}
    Result<void> take(const Check& check) override;
    Result<Report> finish() override;

    static constexpr std::size_t bins = 10'001;  // of uptimes, each of 0.01 %, rounded down

  private:
    struct Sum {
        Times times = {};
        uint128 gaps = 0;
        uint128 span = 0;                         // that could have been measured
        std::vector<std::uint32_t> uptimes = {};  // of answered checks, by bin; empty: none yet
        void add(const Sum& other);
    };
    [[nodiscard]] Result<void> add_spans();
    [[nodiscard]] Json row_of(const std::string& name, const Sum& sum) const;
    [[nodiscard]] static Json percentile(const Sum& sum, std::uint32_t ppm);

    const Context& context_;
    Grouped<Sum> sums_;
    std::unordered_map<ledger::OrchestratorId, stipend_unix_ns> last_;  // decision
    struct Range {
        uint128 time = 0;
        std::uint64_t checks = 0;
    };
    std::array<Range, 8> ranges_ = {};  // see range_starts
};

}  // namespace stipend::analysis
