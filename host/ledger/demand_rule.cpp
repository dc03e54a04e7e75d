#include "host/ledger/demand_rule.hpp"

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>

#include "stipend/duration.hpp"

namespace stipend::ledger {
namespace {

using boost::multiprecision::cpp_int;

std::int64_t in_force(const Demand& row) {
    return row.factor_ppm == 0 ? demand_one : row.factor_ppm;
}

}  // namespace

void DemandWindow::add(const Demand& row) {
    if (!factors_.empty() && row.at < factors_.back().first) factors_.clear();
    if (factors_.empty()) factors_.emplace_back(row.from, row.before_ppm);
    factors_.emplace_back(row.at, in_force(row));
    const auto limit = row.at - ns_per_day;
    while (factors_.size() > 1 && factors_[1].first <= limit) factors_.pop_front();
}

std::pair<std::int64_t, std::int64_t> DemandWindow::range(stipend_unix_ns at) const {
    if (factors_.empty()) return {demand_one, demand_one};
    const auto limit = at - ns_per_day;
    auto out = std::pair(factors_.back().second, factors_.back().second);
    for (std::size_t i = 0; i + 1 < factors_.size(); ++i) {
        if (factors_[i + 1].first <= limit) continue;  // another one was in force by then
        out.first = std::min(out.first, factors_[i].second);
        out.second = std::max(out.second, factors_[i].second);
    }
    return out;
}

Demand next_demand(const DemandRules& rules, const DemandWindow& window, const Demand* last, const DemandSeen& seen) {
    Demand row{.from = seen.from,
               .at = seen.at,
               .asked = seen.asked,
               .failed = seen.failed + (last == nullptr ? 0 : failures_left(*last)),
               .waiting = seen.waiting,
               .up = seen.up,
               .supply = std::max(seen.up, last == nullptr ? 0 : last->supply),
               .rules = rules,
               .before_ppm = last == nullptr ? demand_one : in_force(*last)};
    std::tie(row.least_ppm, row.most_ppm) = window.range(seen.at);
    row.factor_ppm = factor_of(row);
    return row;
}

Demand no_demand(const DemandWindow& window, const Demand& last, stipend_unix_ns at) {
    Demand row{.from = std::min(last.at, at - 1),
               .at = at,
               .failed = failures_left(last),
               .supply = last.supply,
               .before_ppm = in_force(last)};
    std::tie(row.least_ppm, row.most_ppm) = window.range(at);
    return row;
}

std::int64_t wanted_ppm(const Demand& row) {
    if (row.supply == 0) return row.before_ppm;
    const auto length = row.at - row.from;
    const cpp_int jobs = row.asked - std::min(row.asked, row.failed);
    // A cycle that took longer is counted by its length, and what waits then is there once.
    const cpp_int demand = jobs * row.rules.every_ns + cpp_int(row.waiting) * length;
    const cpp_int wanted = demand * demand_one * demand_one / (cpp_int(row.rules.target_ppm) * row.supply * length);
    if (wanted > row.rules.ceiling_ppm) return row.rules.ceiling_ppm;
    return std::max(wanted.convert_to<std::int64_t>(), row.rules.floor_ppm);
}

std::int64_t factor_of(const Demand& row) {
    const auto& rules = row.rules;
    const auto before = row.before_ppm;
    const auto move = static_cast<__int128>(wanted_ppm(row) - before) * rules.damping_ppm / demand_one;
    auto next = before + static_cast<std::int64_t>(move);
    // What lies outside already, since rules were changed, comes no further out.
    next = std::min(next, std::max(before, row.least_ppm + rules.step_ppm));
    next = std::max(next, std::min(before, row.most_ppm - rules.step_ppm));
    return std::clamp(next, rules.floor_ppm, rules.ceiling_ppm);
}

}  // namespace stipend::ledger
