// The steps that look at one orchestrator's live runner: what it offers, and a call that only it may answer.
#pragma once

#include <cstdint>
#include <optional>

#include "tools/jobs/runner_call.hpp"
#include "tools/verify/orchestrator_steps.hpp"

namespace stipend::verify {

// In the place of OrchestratorSteps, where the dispatcher calls live runners.
class RunnerSteps {
  public:
    // All outlive it.
    RunnerSteps(const jobs::Way& way, const jobs::RunnerTerms& payment, const Payee& payee, const Terms& terms)
        : way_(way), payment_(payment), payee_(payee), terms_(terms) {}

    // Its discovery; at most 10 s.
    Found token();
    Found capacity() const;
    Found price() const;
    // At most the way's time-out, and 10 s for each of the exchanges around the call.
    Found job();
    Found served_by() const;
    Found uptime();
    [[nodiscard]] std::uint32_t uptime_ppm() const { return uptime_ppm_; }

  private:
    const jobs::Way& way_;
    const jobs::RunnerTerms& payment_;
    const Payee& payee_;
    const Terms& terms_;
    std::optional<livepeer::RunnerOffer> offer_;
    Question question_;
    jobs::Answer answer_;
    std::uint32_t uptime_ppm_ = 0;
};

}  // namespace stipend::verify
