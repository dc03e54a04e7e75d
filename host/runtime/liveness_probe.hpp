// Liveness probe for the watchdog: pings the ledger's thread and plugin strands. A hung one never replies, even though
// the control thread keeps running.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "host/plugin/instance.hpp"
#include "host/runtime/control_loop.hpp"
#include "host/runtime/ledger_writer.hpp"

namespace stipend::runtime {

// All on [control]. May end while replies are outstanding.
class LivenessProbe {
  public:
    // `loop` and `writer` outlive this. Pings at most every `every_ns`.
    LivenessProbe(ControlLoop& loop, LedgerWriter& writer, std::int64_t every_ns)
        : loop_(loop), writer_(writer), every_ns_(every_ns) {}

    // Pings the ledger's thread and these instances, unless it did so less than `every_ns` ago or a reply is
    // outstanding.
    void ping(const std::vector<std::shared_ptr<plugin::Instance>>& instances, stipend_unix_ns now);
    // True where a reply has been outstanding for longer than `patience_ns`.
    [[nodiscard]] bool stuck(stipend_unix_ns now, std::int64_t patience_ns) const {
        return *outstanding_ != 0 && now - pinged_at_ > patience_ns;
    }

  private:
    ControlLoop& loop_;
    LedgerWriter& writer_;
    const std::int64_t every_ns_;
    stipend_unix_ns pinged_at_ = 0;
    const std::shared_ptr<std::size_t> outstanding_ = std::make_shared<std::size_t>(0);
};

}  // namespace stipend::runtime
