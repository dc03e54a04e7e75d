// The steps that look at one orchestrator: its token, and a job that only it may answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "livepeer/credential.hpp"
#include "livepeer/token.hpp"
#include "tools/jobs/plan.hpp"
#include "tools/verify/payer.hpp"
#include "tools/verify/step.hpp"

namespace stipend::verify {

// What a verification may do, and as what it asks.
struct Terms {
    livepeer::Credential credential;
    Wei max_price;               // wei per second; a job whose price is above is not sent
    bool price_allowed = false;  // a job may cost something at all
    bool price_unseen_allowed = false;
    bool signed_only = false;
    std::uint32_t window_s = 60;
};

// What the job asks for, against which the evidence of its answer is held.
struct Question {
    std::string nonce_hex;
    stipend_unix_ns from = 0;
    stipend_unix_ns to = 0;
    std::uint32_t window_s = 0;
};
// The uptime of an answer, and its signature where there is one: held against the key of the configuration, or where
// that has none, against the key that the evidence names itself. `ppm` is set where the answer has an uptime. Pure.
Found check_uptime(std::string_view body, const Question& question, const Payee& payee, bool signed_only,
                   std::uint32_t& ppm);

// The body of a job that asks for the uptime of `terms.window_s` seconds until now, and what it asks for.
Result<std::string> job_body_of(const Payee& payee, const Terms& terms, Question& question);

class OrchestratorSteps {
  public:
    // All outlive it.
    OrchestratorSteps(const jobs::Way& way, const Payee& payee, const Terms& terms)
        : way_(way), payee_(payee), terms_(terms) {}

    // At most 5 s.
    Found token();
    Found capacity() const;
    Found price() const;
    // At most the way's deadline, twice where the first try met a cold connection.
    Found job();
    Found served_by() const;
    // The uptime, and its signature where there is one.
    Found uptime();
    // The uptime of the answer, once `uptime` passed.
    [[nodiscard]] std::uint32_t uptime_ppm() const { return uptime_ppm_; }

  private:
    Result<std::string> ask(std::string_view host);

    const jobs::Way& way_;
    const Payee& payee_;
    const Terms& terms_;
    std::optional<livepeer::Token> token_;
    Question question_;
    jobs::Answer answer_;
    std::uint32_t uptime_ppm_ = 0;
};

}  // namespace stipend::verify
