#include "host/engine/payee_counts.hpp"

#include "stipend/result.hpp"

namespace stipend::engine {

JobEnd job_end(const JobResult& result, bool over_budget) {
    if (result.outcome == STIPEND_JOB_OK) return JobEnd::ok;
    if (result.outcome == STIPEND_JOB_FAILED) return JobEnd::orchestrator;
    if (result.lost || !result.defect.empty()) return JobEnd::plugin;
    if ((result.flags & STIPEND_RESULT_UNLISTED) != 0) return JobEnd::listing;
    if ((result.flags & STIPEND_RESULT_UNFUNDED) != 0) return JobEnd::funds;
    if (over_budget || (result.flags & STIPEND_RESULT_OVER_FEE) != 0) return JobEnd::budget;
    return JobEnd::gateway;
}

void PayeeCounts::admit(registry::PayeeIndex payee) {
    if (own_.size() >= most_ || place(payee) != 0) return;
    if (payee >= places_.size()) places_.resize(payee + std::size_t{1});
    own_.push_back(payee);
    counts_.emplace_back();
    STIPEND_ASSERT(own_.size() <= UINT16_MAX);
    places_[payee] = static_cast<std::uint16_t>(own_.size());
}

void PayeeCounts::count_job(registry::PayeeIndex payee, const JobResult& result, bool over_budget) {
    auto& count = of(payee);
    ++count.jobs[static_cast<std::size_t>(job_end(result, over_budget))];
    if (result.evidence.http_status != 0) count.answered.add(result.evidence.latency_ns);
}

void PayeeCounts::count_decision(const ledger::Decision& row, registry::PayeeIndex payee) {
    auto& count = of(payee);
    ++(row.action == ledger::Action::pay ? count.paid : count.skipped);
    count.accrued = count.accrued.plus_saturating(row.usd);
}

}  // namespace stipend::engine
