#include "host/analysis/sla.hpp"

#include <algorithm>

#include "stipend/glob.hpp"

namespace stipend::analysis {
namespace {

constexpr std::size_t most_sla_rows = 200'000;
constexpr std::uint64_t most_burn_ppm = 1'000'000'000'000'000;

Json percent_e6(std::int64_t value) {
    return Json::of_number(scaled_text(value, 6));
}

// Beyond what a figure of people needs: two decimals, rounded down.
Json times_text(std::optional<std::uint64_t> ppm) {
    return ppm ? Json::of_number(scaled_text(static_cast<std::int64_t>(*ppm / 10'000), 2)) : Json();
}

}  // namespace

bool covers(const config::Sla& target, std::string_view key, std::string_view capability) {
    if (!target.capability.empty() && target.capability != capability) return false;
    if (target.orchestrators.empty()) return true;
    return std::ranges::any_of(target.orchestrators, [key](const std::string& one) {
        return is_glob(one) ? glob_match(one, key) : one == key;
    });
}

uint128 error_budget(const config::Sla& target, uint128 measured) {
    return measured * static_cast<uint128>(whole_e6 - target.target_e6) / static_cast<uint128>(whole_e6);
}

std::optional<std::uint64_t> burn_ppm(const config::Sla& target, uint128 measured, uint128 bad) {
    if (measured == 0) return std::nullopt;
    // Spans are below 2^57 ns and factors below 2^47.
    const auto allowed = measured * static_cast<uint128>(whole_e6 - target.target_e6);
    const auto used = bad * static_cast<uint128>(whole_e6);
    const auto whole = used / allowed;
    const auto rest = used % allowed;
    if (whole >= most_burn_ppm / 1'000'000) return most_burn_ppm;
    return static_cast<std::uint64_t>(whole * 1'000'000 + rest * 1'000'000 / allowed);
}

Result<SlaReport::Sum*> SlaReport::sum_of(ledger::OrchestratorId id, std::string_view key) {
    auto& sum = sums_[id];
    if (sum.known) return &sum;
    if (sums_.size() > max_groups) return fail(STIPEND_E_LIMIT, "more than ", max_groups, " orchestrators");
    sum.known = true;
    const auto capability = context_.capability_of(key);
    for (std::size_t at = 0; at < context_.sla.size(); ++at) {
        if (covers(context_.sla[at], key, capability)) sum.targets.push_back(at);
    }
    return &sum;
}

Result<void> SlaReport::take(const Check& check) {
    STIPEND_LET(sum, sum_of(check.decision.orchestrator, check.key));
    if (sum->targets.empty()) return {};
    sum->times.add(times_of(check.decision, check.excused));
    sum->pay.add(check.decision.usd);
    sum->last = std::max(sum->last, check.decision.decided_at);
    return {};
}

Json SlaReport::row_of(const config::Sla& target, const ledger::SpanFacts::Account& account, const Sum& sum) const {
    const auto& times = sum.times;
    const auto measured = times.measured();
    const auto from = std::max(context_.from, account.first_seen_at);
    const auto to = account.retired ? sum.last : context_.to;
    const auto span = static_cast<uint128>(std::max<std::int64_t>(to - from, 0));
    const auto budget = error_budget(target, measured);
    const bool met = times.bad() <= budget;
    const bool over = context_.span_is_over;
    const bool credited = over && measured > 0 && !met && target.credit_e6 > 0;
    Money credit;
    if (credited) credit.e8 = sum.pay.e8 * target.credit_e6 / whole_e6;
    const auto share = span == 0 ? uint128{0} : std::min(measured, span) * 1'000'000 / span;
    return Json::object()
        .append("sla", target.name)
        .append("orchestrator", account.key)
        .append("target", percent_e6(target.target_e6))
        .append("uptime", percent(uptime_ppm(times)))
        .append("met", measured == 0 ? "unknown"
                       : met         ? "yes"
                                     : "no")
        .append("measured_hours", hours(measured))
        .append("unknown_hours", hours(span > measured ? span - measured : 0))
        .append("measured_percent", percent(static_cast<std::uint32_t>(share)))
        .append("down_hours", hours(times.bad()))
        .append("budget_hours", hours(budget))
        .append("burn", times_text(burn_ppm(target, measured, times.bad())))
        .append("usd", usd_text(sum.pay))
        .append("credit_usd", usd_text(credit));
}

Result<Report> SlaReport::finish() {
    Report out;
    for (const auto& account : context_.facts.accounts) {
        STIPEND_LET(sum, sum_of(account.id, account.key));
        if (account.retired && sum->last == 0) continue;
        if (account.first_seen_at >= context_.to) continue;
        for (const auto at : sum->targets) {
            if (out.rows.size() == most_sla_rows) return fail(STIPEND_E_LIMIT, "more than ", most_sla_rows, " rows");
            out.rows.push_back(row_of(context_.sla[at], account, *sum));
        }
    }
    std::ranges::stable_sort(out.rows, [](const Json& a, const Json& b) {
        return std::pair(a.find("sla")->text(), a.find("orchestrator")->text()) <
               std::pair(b.find("sla")->text(), b.find("orchestrator")->text());
    });
    out.more.emplace_back("over", context_.span_is_over);
    return out;
}

}  // namespace stipend::analysis
