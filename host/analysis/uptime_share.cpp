#include "host/analysis/uptime_share.hpp"

#include <algorithm>

#include "stipend/money.hpp"

namespace stipend::analysis {
namespace {

constexpr std::size_t bin_ppm = 100;
constexpr std::size_t most_binned_groups = 5'000;  // 40 kB each

// Where the ranges of the distribution begin, in parts per million; the last one is 100 % alone.
constexpr std::array<std::uint32_t, 8> range_starts{0, 1, 500'000, 900'000, 950'000, 990'000, 999'000, 1'000'000};

}  // namespace

void UptimeShare::Sum::add(const Sum& other) {
    times.add(other.times);
    gaps += other.gaps;
    span += other.span;
    if (other.uptimes.empty()) return;
    uptimes.resize(bins);
    for (std::size_t at = 0; at < bins; ++at) uptimes[at] += other.uptimes[at];
}

Result<void> UptimeShare::take(const Check& check) {
    STIPEND_LET(sum, sums_.of(check));
    const auto times = times_of(check.decision, check.excused);
    sum->times.add(times);
    auto& last = last_[check.decision.orchestrator];
    last = std::max(last, check.decision.decided_at);
    if (check.decision.job != ledger::Job::ok || !check.decision.uptime_ppm) return {};
    const auto ppm = std::min<std::uint32_t>(*check.decision.uptime_ppm, ppm_one);
    const auto behind = std::upper_bound(range_starts.begin(), range_starts.end(), ppm);
    auto& range = ranges_[static_cast<std::size_t>(behind - range_starts.begin()) - 1];
    range.time += times.measured();
    ++range.checks;
    if (sum->uptimes.empty() && sums_.sums().size() > most_binned_groups) {
        return fail(STIPEND_E_LIMIT, "more than ", most_binned_groups,
                    " groups: ask for one orchestrator, or by capability");
    }
    sum->uptimes.resize(bins);
    ++sum->uptimes[ppm / bin_ppm];
    return {};
}

// Of each orchestrator the time that could have been measured, and its gaps.
Result<void> UptimeShare::add_spans() {
    std::unordered_map<ledger::OrchestratorId, std::string_view> keys;
    for (const auto& account : context_.facts.accounts) {
        const auto last = last_.find(account.id);
        if (account.retired && last == last_.end()) continue;
        keys.emplace(account.id, account.key);
        const auto from = std::max(context_.from, account.first_seen_at);
        const auto to = account.retired ? last->second : context_.to;
        if (to <= from) continue;
        STIPEND_LET(sum, sums_.of(account.id, account.key));
        sum->span += static_cast<uint128>(to - from);
    }
    for (const auto& gap : context_.facts.gaps) {
        const auto key = keys.find(gap.orchestrator);
        const auto from = std::max(context_.from, gap.from);
        const auto to = std::min(context_.to, gap.to);
        if (key == keys.end() || to <= from) continue;
        STIPEND_LET(sum, sums_.of(gap.orchestrator, key->second));
        sum->gaps += static_cast<uint128>(to - from);
    }
    return {};
}

// The uptime that `ppm` of a million answered checks were at most at, in steps of 0.01 %.
Json UptimeShare::percentile(const Sum& sum, std::uint32_t ppm) {
    std::uint64_t all = 0;
    for (const auto count : sum.uptimes) all += count;
    if (all == 0) return {};
    const auto rank = static_cast<std::uint64_t>((static_cast<uint128>(all) * ppm + ppm_one - 1) / ppm_one);
    std::uint64_t seen = 0;
    for (std::size_t at = 0; at < sum.uptimes.size(); ++at) {
        seen += sum.uptimes[at];
        if (seen >= std::max<std::uint64_t>(rank, 1)) return percent(static_cast<std::uint32_t>(at * bin_ppm));
    }
    return {};
}

Json UptimeShare::row_of(const std::string& name, const Sum& sum) const {
    auto row = Json::object()
                   .append(group_title(context_.by), name)
                   .append("checks", sum.times.checks)
                   .append("failures", sum.times.failures)
                   .append("uptime", percent(uptime_ppm(sum.times)))
                   .append("up_hours", hours(sum.times.up))
                   .append("down_hours", hours(sum.times.down))
                   .append("failed_hours", hours(sum.times.failed))
                   .append("excused_hours", hours(sum.times.excused));
    if (context_.by != By::tier) {
        const auto known = sum.times.measured() + sum.times.excused + sum.gaps;
        row.append("gap_hours", hours(sum.gaps));
        row.append("unmeasured_hours", hours(sum.span > known ? sum.span - known : 0));
    }
    return row.append("p1", percentile(sum, 10'000))
        .append("p10", percentile(sum, 100'000))
        .append("p50", percentile(sum, 500'000));
}

Result<Report> UptimeShare::finish() {
    if (context_.by != By::tier) STIPEND_TRY(add_spans());
    Report out;
    Sum total;
    for (const auto& [name, sum] : sums_.sums()) {
        out.rows.push_back(row_of(name, sum));
        total.add(sum);
    }
    out.total = row_of("total", total);
    auto distribution = Json::array();
    for (std::size_t at = 0; at < ranges_.size(); ++at) {
        const bool last = at + 1 == ranges_.size();
        distribution.push(Json::object()
                              .append("from", percent(range_starts[at]))
                              .append("below", last ? Json() : percent(range_starts[at + 1]))
                              .append("checks", ranges_[at].checks)
                              .append("hours", hours(ranges_[at].time)));
    }
    out.more.emplace_back("distribution", std::move(distribution));
    return out;
}

}  // namespace stipend::analysis
