// Whether all that an answer needs still moves. The ledger's thread and each plugin are asked for a sign of life again
// and again; one that hangs owes it for ever, while the control thread turns on as if nothing were.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "host/work/workshop.hpp"

namespace stipend::worker {

// All on [control]. May go while answers are under way.
class Pulse {
  public:
    // `shop` outlives it. Asks at most every `every_ns`.
    Pulse(work::Workshop& shop, std::int64_t every_ns) : shop_(shop), every_ns_(every_ns) {}

    // Asks the ledger's thread and these instances, unless it did so just now or an answer is owed.
    void ask(const std::vector<std::shared_ptr<plugin::Instance>>& instances, stipend_unix_ns now);
    // An answer has been owed for longer than `patience_ns`.
    [[nodiscard]] bool stuck(stipend_unix_ns now, std::int64_t patience_ns) const {
        return *owed_ != 0 && now - asked_at_ > patience_ns;
    }

  private:
    work::Workshop& shop_;
    const std::int64_t every_ns_;
    stipend_unix_ns asked_at_ = 0;
    const std::shared_ptr<std::size_t> owed_ = std::make_shared<std::size_t>(0);
};

}  // namespace stipend::worker
