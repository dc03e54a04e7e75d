#include "host/analysis/failures.hpp"

#include <algorithm>

#include "host/base/printable.hpp"

namespace stipend::analysis {
namespace {

constexpr std::size_t most_pattern_bytes = 120;
constexpr std::string_view of_payee = "payee";
constexpr std::string_view of_payer = "payer";

}  // namespace

std::string_view failure_class(const ledger::Evidence& evidence) {
    if (evidence.http_status == 0) return "no answer";
    if (evidence.http_status >= 500) return "status 5xx";
    if (evidence.http_status >= 400) return "status 4xx";
    return "bad answer";
}

std::string reason_pattern(std::string_view reason) {
    std::string out;
    bool number = false;
    for (const char c : reason) {
        const bool digit = c >= '0' && c <= '9';
        if (!digit) out.push_back(c);
        if (digit && !number) out.push_back('#');
        number = digit;
    }
    return printable_line(clip(out, most_pattern_bytes));
}

Failures::Count& Failures::reason(std::string_view whose, std::string_view text) {
    const std::pair key{std::string(whose), reason_pattern(text)};
    const auto found = reasons_.find(key);
    if (found != reasons_.end()) return found->second;
    if (reasons_.size() >= most_reasons) return reasons_[{std::string(whose), "(other)"}];
    return reasons_[key];
}

Result<void> Failures::take(const Check& check) {
    const auto times = times_of(check.decision, check.excused);
    if (times.failures + times.excuses == 0) return {};
    STIPEND_LET(kinds, sums_.of(check));
    const auto whose = check.excused ? of_payer : of_payee;
    const auto time = times.failed + times.excused;
    (*kinds)[{whose, failure_class(check.decision.evidence)}].add(time);
    reason(whose, check.decision.reason).add(time);
    return {};
}

Result<void> Failures::add_gaps() {
    std::unordered_map<ledger::OrchestratorId, std::string_view> keys;
    for (const auto& account : context_.facts.accounts) keys.emplace(account.id, account.key);
    for (const auto& gap : context_.facts.gaps) {
        const auto key = keys.find(gap.orchestrator);
        const auto from = std::max(context_.from, gap.from);
        const auto to = std::min(context_.to, gap.to);
        if (key == keys.end() || to <= from) continue;
        STIPEND_LET(kinds, sums_.of(gap.orchestrator, key->second));
        const auto time = static_cast<uint128>(to - from);
        (*kinds)[{of_payer, "gap"}].add(time);
        reason(of_payer, gap.cause).add(time);
    }
    return {};
}

Json Failures::row_of(const std::string& name, const Kind& kind, const Count& count) const {
    return Json::object()
        .append(group_title(context_.by), name)
        .append("whose", kind.first)
        .append("class", kind.second)
        .append("number", count.number)
        .append("hours", hours(count.time));
}

Result<Report> Failures::finish() {
    if (context_.by != By::tier) STIPEND_TRY(add_gaps());
    Report out;
    for (const auto& [name, kinds] : sums_.sums()) {
        for (const auto& [kind, count] : kinds) out.rows.push_back(row_of(name, kind, count));
    }
    std::vector<std::pair<std::pair<std::string, std::string>, Count>> reasons(reasons_.begin(), reasons_.end());
    std::ranges::stable_sort(reasons, [](const auto& a, const auto& b) { return a.second.number > b.second.number; });
    auto list = Json::array();
    for (std::size_t at = 0; at < std::min(reasons.size(), shown_reasons); ++at) {
        const auto& [key, count] = reasons[at];
        list.push(Json::object()
                      .append("whose", key.first)
                      .append("reason", key.second)
                      .append("number", count.number)
                      .append("hours", hours(count.time)));
    }
    out.more.emplace_back("reasons", std::move(list));
    return out;
}

}  // namespace stipend::analysis
