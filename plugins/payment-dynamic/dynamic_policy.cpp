#include "dynamic_policy.hpp"

#include <algorithm>

namespace payment_dynamic {

using stipend::ppm_one;
using stipend::Result;

Result<Settings> DynamicPolicy::parse(const stipend::Json& config, const stipend_terms& terms) {
    Settings out;
    STIPEND_SET(out.tiers, payment::parse_settings(config, terms));
    if (const auto ceiling = stipend::ConfigView(config).at("ceiling"); ceiling.present()) {
        STIPEND_LET(ppm, ceiling.scaled(6, ppm_one, std::int64_t{100} * ppm_one));
        out.ceiling_ppm = static_cast<std::uint32_t>(ppm);
    }
    return out;
}

Result<void> DynamicPolicy::decide(const stipend_sample& sample, stipend_decision& decision) const {
    // 0: the host computes none, or does not know of it.
    const std::uint32_t demand = sample.demand_ppm == 0 ? ppm_one : std::min(sample.demand_ppm, ceiling_ppm_);
    STIPEND_TRY(tiers_.decide_times(demand, sample, decision));
    if (decision.action != STIPEND_PAY || demand == ppm_one) return {};
    const std::string_view said = decision.reason;
    const auto reason = stipend::cat(said, "; demand ", stipend::scaled_text(demand, 6));
    stipend::set_text(decision.reason, reason);
    return {};
}

}  // namespace payment_dynamic
