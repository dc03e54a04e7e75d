#include "host/analysis/excused.hpp"

#include <algorithm>

namespace stipend::analysis {

Excused::Excused(const ledger::SpanFacts& facts) {
    for (const auto& one : facts.pardons) by_id_[one.orchestrator].push_back(&one);
}

bool Excused::operator()(const ledger::Decision& decision) const {
    if (by_id_.empty() || decision.job == ledger::Job::ok) return false;
    const auto found = by_id_.find(decision.orchestrator);
    if (found == by_id_.end() || !ledger::can_be_pardoned(decision)) return false;
    return std::ranges::any_of(found->second, [&](const ledger::SpanFacts::TakenBack* one) {
        return decision.epoch <= one->epoch && decision.due_at >= one->from && decision.due_at < one->to;
    });
}

}  // namespace stipend::analysis
