// Whether each part of a manager works, why not, and since when.
#pragma once

#include "host/api/health.hpp"

namespace stipend::engine {

// The state of each part since it last changed. [control]
class HealthBook {
  public:
    using Parts = api::HealthReport;

    // Takes what is so at `now`; `since` of its parts is of no use.
    void take(const Parts& found, stipend_unix_ns now) { parts_ = dated(found, now); }
    // The same with the time since when each part is so, as far as `take` has it.
    [[nodiscard]] Parts dated(Parts found, stipend_unix_ns now) const;

  private:
    Parts parts_{};
};

}  // namespace stipend::engine
