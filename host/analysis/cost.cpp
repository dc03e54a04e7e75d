#include "host/analysis/cost.hpp"

namespace stipend::analysis {

void Cost::Sum::add(const Sum& other) {
    times.add(other.times);
    pay.e8 += other.pay.e8;
    adjusted.e8 += other.adjusted.e8;
    manual.e8 += other.manual.e8;
    paid += other.paid;
}

Result<void> Cost::take(const Check& check) {
    STIPEND_LET(sum, sums_.of(check));
    sum->times.add(times_of(check.decision, check.excused));
    sum->pay.add(check.decision.usd);
    if (check.decision.action == ledger::Action::pay) ++sum->paid;
    return {};
}

Json Cost::row_of(const std::string& name, const Sum& sum) const {
    auto row = Json::object()
                   .append(group_title(context_.by), name)
                   .append("checks", sum.times.checks)
                   .append("paid", sum.paid)
                   .append("up_hours", hours(sum.times.up))
                   .append("down_hours", hours(sum.times.down))
                   .append("failed_hours", hours(sum.times.failed))
                   .append("excused_hours", hours(sum.times.excused))
                   .append("usd", usd_text(sum.pay))
                   .append("usd_per_up_hour", usd_per_hour(sum.pay, sum.times.up));
    if (context_.by == By::tier) return row;
    return row.append("adjustments_usd", usd_text(sum.adjusted)).append("manual_usd", usd_text(sum.manual));
}

Result<Report> Cost::finish() {
    if (context_.by != By::tier) {
        std::unordered_map<ledger::OrchestratorId, std::string_view> keys;
        for (const auto& account : context_.facts.accounts) keys.emplace(account.id, account.key);
        for (const auto& one : context_.facts.apart) {
            const auto key = keys.find(one.orchestrator);
            if (key == keys.end()) continue;  // another one is asked about
            STIPEND_LET(sum, sums_.of(one.orchestrator, key->second));
            (one.manual ? sum->manual : sum->adjusted).add(one.usd);
        }
    }
    Report out;
    Sum total;
    for (const auto& [name, sum] : sums_.sums()) {
        out.rows.push_back(row_of(name, sum));
        total.add(sum);
    }
    out.total = row_of("total", total);
    return out;
}

}  // namespace stipend::analysis
