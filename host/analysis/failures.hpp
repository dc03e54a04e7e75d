// What failed, and by whose fault.
#pragma once

#include <map>

#include "host/analysis/context.hpp"
#include "host/analysis/numbers.hpp"

namespace stipend::analysis {

// Failed checks by their class, the payee's fault or, where a pardon took them back, the payer's; and gaps, in which
// the payer could not measure. Beside them the most frequent reasons, with numbers as "#".
class Failures final : public Analysis {
  public:
    explicit Failures(const Context& context) : context_(context), sums_(context) {}
    Result<void> take(const Check& check) override;
    Result<Report> finish() override;

    static constexpr std::size_t most_reasons = 500;  // that are counted apart; the others are "(other)"
    static constexpr std::size_t shown_reasons = 20;

  private:
    struct Count {
        std::uint64_t number = 0;
        uint128 time = 0;
        void add(uint128 ns) { ++number, time += ns; }
    };
    using Kind = std::pair<std::string_view, std::string_view>;  // whose fault, and the class
    using Kinds = std::map<Kind, Count>;
    [[nodiscard]] Count& reason(std::string_view whose, std::string_view text);
    [[nodiscard]] Json row_of(const std::string& name, const Kind& kind, const Count& count) const;
    [[nodiscard]] Result<void> add_gaps();

    const Context& context_;
    Grouped<Kinds> sums_;
    std::map<std::pair<std::string, std::string>, Count> reasons_;
};

// "no answer", "status 4xx", "status 5xx" or "bad answer", by what the evidence says. [pure]
[[nodiscard]] std::string_view failure_class(const ledger::Evidence& evidence);
// A reason without its numbers, which differ from check to check; at most 120 bytes. [pure]
[[nodiscard]] std::string reason_pattern(std::string_view reason);

}  // namespace stipend::analysis
