// What uptime cost.
#pragma once

#include "host/analysis/context.hpp"
#include "host/analysis/numbers.hpp"

namespace stipend::analysis {

// For each group the pay of its decisions and what an hour of uptime cost; beside it, but by tier, adjustments and
// manual payments, which are for no uptime and not in that figure.
class Cost final : public Analysis {
  public:
    explicit Cost(const Context& context) : context_(context), sums_(context) {}
    Result<void> take(const Check& check) override;
    Result<Report> finish() override;

  private:
    struct Sum {
        Times times = {};
        Money pay = {}, adjusted = {}, manual = {};
        std::uint64_t paid = 0;
        void add(const Sum& other);
    };
    [[nodiscard]] Json row_of(const std::string& name, const Sum& sum) const;

    const Context& context_;
    Grouped<Sum> sums_;
};

}  // namespace stipend::analysis
