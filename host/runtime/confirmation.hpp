// Failed looks that count only once several of them agree. Pure; one thread.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "host/config/settings.hpp"
#include "stipend/abi/monitor.h"
#include "stipend/abi/types.h"

namespace stipend::runtime {

struct Look {
    std::int32_t verdict = STIPEND_UNKNOWN;
    stipend_unix_ns from = 0, to = 0;
    std::string why;
};

// By "M of N": a failed look is withheld while it may still be one of M that failed within N looks in a row. Then all
// that is withheld counts as it was, so that the downtime begins with the first of them; or it never does, and the look
// counts as up. Good looks after a withheld one are withheld with it, since time is reported in its order.
class Confirmation {
  public:
    explicit Confirmation(config::DownAfter rule = {}) : rule_(rule) {}
    void set_rule(config::DownAfter rule) { rule_ = rule; }

    // Takes a look; returns the looks that count from now on, by time.
    [[nodiscard]] std::vector<Look> take(Look look);

  private:
    [[nodiscard]] bool may_count() const;

    config::DownAfter rule_;
    std::deque<bool> failed_;    // of the last N looks
    std::deque<Look> withheld_;  // the newest of them
};

}  // namespace stipend::runtime
