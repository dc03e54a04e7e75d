// What the jobs and decisions of each payee came to in this run, for metrics: an event is an increment. The first 1,000
// payees have counts of their own until the run is over, so that none ever falls; all others share one.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "host/engine/effects.hpp"
#include "host/runtime/duration_counts.hpp"
#include "stipend/usd.hpp"

namespace stipend::engine {

// How a job ended, and through whose fault where it is not OK.
enum class JobEnd : std::uint8_t { ok, orchestrator, gateway, listing, funds, budget, plugin };
inline constexpr std::size_t job_ends = 7;
struct JobEndNames {
    const char* outcome;
    const char* fault;
};
inline constexpr std::array<JobEndNames, job_ends> job_end_names{{{"ok", "none"},
                                                                  {"failed", "orchestrator"},
                                                                  {"unknown", "gateway"},
                                                                  {"unknown", "listing"},
                                                                  {"unknown", "funds"},
                                                                  {"unknown", "budget"},
                                                                  {"unknown", "plugin"}}};

// `over_budget`: this host refused the fee of the job. [pure]
[[nodiscard]] JobEnd job_end(const JobResult& result, bool over_budget);

struct PayeeCount {
    std::array<std::uint64_t, job_ends> jobs{};
    runtime::JobTimes answered;  // of jobs with an answer
    std::uint64_t paid = 0, skipped = 0, held = 0;
    Usd accrued;
};

class PayeeCounts {
  public:
    explicit PayeeCounts(std::size_t most) : most_(most) {}

    // The payee gets counts of its own, where one is left, and has them from then on.
    void admit(registry::PayeeIndex payee);
    [[nodiscard]] PayeeCount& of(registry::PayeeIndex payee) { return counts_[place(payee)]; }
    // The payees with counts of their own, in the order of their admission.
    [[nodiscard]] const std::vector<registry::PayeeIndex>& own() const { return own_; }
    [[nodiscard]] const PayeeCount& own_count(std::size_t at) const { return counts_[at + 1]; }
    [[nodiscard]] const PayeeCount& others() const { return counts_.front(); }

    void count_job(registry::PayeeIndex payee, const JobResult& result, bool over_budget);
    void count_decision(const ledger::Decision& row, registry::PayeeIndex payee);

  private:
    [[nodiscard]] std::size_t place(registry::PayeeIndex payee) const {
        return payee < places_.size() ? places_[payee] : 0;
    }
    const std::size_t most_;
    std::vector<std::uint16_t> places_;  // by payee; 0: among the others
    std::vector<registry::PayeeIndex> own_;
    std::vector<PayeeCount> counts_ = std::vector<PayeeCount>(1);  // the others' first
};

}  // namespace stipend::engine
