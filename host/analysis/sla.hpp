// How orchestrators do against the targets of uptime of a configuration.
#pragma once

#include "host/analysis/context.hpp"
#include "host/analysis/numbers.hpp"

namespace stipend::analysis {

inline constexpr std::int64_t whole_e6 = 100'000'000;  // 100 percent, times 10^6

// Whether a target is for an orchestrator. [pure]
[[nodiscard]] bool covers(const config::Sla& target, std::string_view key, std::string_view capability);

// The downtime that a target leaves of so much measured time, rounded down. [pure]
[[nodiscard]] uint128 error_budget(const config::Sla& target, uint128 measured);
// How many times as fast as at the target the budget was used, in parts per million, rounded down; at most 10^15. None:
// nothing was measured. [pure]
[[nodiscard]] std::optional<std::uint64_t> burn_ppm(const config::Sla& target, uint128 measured, uint128 bad);

// A row for each target and each orchestrator that it is for. Downtime is what was measured as down: a failed check
// that was taken back, a gap and time without a check are unknown, and say how much of the span the figure rests on.
// Without any measured time it is not known whether a target is met. The credit is what an operator may order, by the
// configured share of the span's pay where the target is missed and the span is over.
class SlaReport final : public Analysis {
  public:
    explicit SlaReport(const Context& context) : context_(context) {}
    Result<void> take(const Check& check) override;
    Result<Report> finish() override;

  private:
    struct Sum {
        std::vector<std::size_t> targets = {};  // places in the context
        Times times = {};
        Money pay = {};
        stipend_unix_ns last = 0;
        bool known = false;
    };
    [[nodiscard]] Result<Sum*> sum_of(ledger::OrchestratorId id, std::string_view key);
    [[nodiscard]] Json row_of(const config::Sla& target, const ledger::SpanFacts::Account& account,
                              const Sum& sum) const;

    const Context& context_;
    std::unordered_map<ledger::OrchestratorId, Sum> sums_;
};

}  // namespace stipend::analysis
