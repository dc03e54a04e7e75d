#include "host/engine/demand_meter.hpp"

#include "stipend/result.hpp"

namespace stipend::engine {

void DemandMeter::restore(const std::vector<ledger::Demand>& rows) {
    for (const auto& row : rows) take(row);
}

void DemandMeter::take(const ledger::Demand& row) {
    window_.add(row);
    last_ = row;
}

std::optional<ledger::Demand> DemandMeter::set_rules(const std::optional<ledger::DemandRules>& rules,
                                                     const PayerJobs& jobs, stipend_unix_ns now) {
    if (rules && !rules_) {
        from_ = now;
        seen_ = jobs;
    }
    rules_ = rules;
    if (rules_ || factor_ppm() == 0) return std::nullopt;
    take(ledger::no_demand(window_, *last_, now));
    return last_;
}

std::optional<stipend_unix_ns> DemandMeter::ends_at() const {
    return rules_ ? std::optional(from_ + rules_->every_ns) : std::nullopt;
}

ledger::Demand DemandMeter::end_cycle(const PayerJobs& jobs, std::uint64_t up, stipend_unix_ns now) {
    STIPEND_ASSERT(rules_ && now > from_);
    take(ledger::next_demand(*rules_, window_, last_ ? &*last_ : nullptr,
                             {.from = from_,
                              .at = now,
                              .asked = jobs.asked - seen_.asked,
                              .failed = jobs.failed - seen_.failed,
                              .waiting = jobs.waiting,
                              .up = up}));
    from_ = now;
    seen_ = jobs;
    return *last_;
}

}  // namespace stipend::engine
