// The steps that look at the payer's own side: what the policy decides for the uptime, and what the ledger holds. They
// need a configuration; a running host where there is one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tools/verify/payer.hpp"
#include "tools/verify/step.hpp"
#include "tools/verify/stipend_program.hpp"

namespace stipend::verify {

class HostSteps {
  public:
    // Asks whether a host runs. `payer` outlives it.
    static Result<HostSteps> create(const Payer& payer);

    [[nodiscard]] bool runs() const { return status_.has_value(); }
    // When the running host checks that orchestrator next; empty where it does not know it.
    [[nodiscard]] std::string next_check_of(const Payee& payee) const;

    // What the policy decides for `uptime_ppm`.
    Found tier(const Payee& payee, std::uint32_t uptime_ppm);
    Found amount(const Payee& payee) const;
    // The newest decision, recomputed. With `pay` one is made first: by the running host when it is due, for which at
    // most `patience_ns` are waited; or where none runs by one cycle of `stipend run --once`.
    Found ledger_row(const Payee& payee, bool pay, std::int64_t patience_ns) const;
    Found settlement(const Payee& payee) const;
    Found audit() const;

  private:
    HostSteps(const Payer& payer, StipendProgram program) : payer_(payer), program_(std::move(program)) {}

    [[nodiscard]] bool has_ledger() const;
    [[nodiscard]] Found no_ledger() const;
    // The number of the newest decision's epoch; empty: there is none.
    [[nodiscard]] Result<std::string> newest_epoch(const Payee& payee) const;
    // The epoch of the decision that is made now. UNAVAILABLE: none is.
    [[nodiscard]] Result<std::string> decide(const Payee& payee, const std::string& before,
                                             std::int64_t patience_ns) const;
    [[nodiscard]] Result<std::string> next_of_host(const Payee& payee, std::int64_t patience_ns) const;
    [[nodiscard]] Found explained(const Payee& payee, const std::string& epoch) const;

    const Payer& payer_;
    StipendProgram program_;
    std::optional<Json> status_;  // of the running host
    Json decided_;                // by `tier`
    std::string rate_;            // USD per ETH that it was decided at; empty: none is known
    std::string rate_source_;
};

}  // namespace stipend::verify
