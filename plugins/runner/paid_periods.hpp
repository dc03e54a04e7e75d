// For which pay period an orchestrator's check was last paid. Stored in the host, so that no restart pays one twice.
// All of it is [pool].
#pragma once

#include <string_view>

#include "stipend/host.hpp"

namespace runner {

class PaidPeriods {
  public:
    explicit PaidPeriods(stipend::Host host) : host_(host) {}

    enum class State : std::uint8_t {
        unpaid,
        paid,    // and what came of it was not recorded, or was not the orchestrator's fault
        failed,  // and the call failed
    };
    // The state of a check of `app` by that orchestrator in the period that begins at `from`. An error: the host cannot
    // say it, so nothing may be paid.
    [[nodiscard]] stipend::Result<State> of(std::string_view orchestrator_id, std::string_view app,
                                            stipend_unix_ns from) const;
    // An error: it is not stored, so nothing may be paid.
    [[nodiscard]] stipend::Result<void> set(std::string_view orchestrator_id, std::string_view app,
                                            stipend_unix_ns from, State state) const;

  private:
    const stipend::Host host_;
};

}  // namespace runner
