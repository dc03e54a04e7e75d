// Reports calls of plugins that take long: by a log line and a counter after a second, by an alert after ten; and what
// they take of the host's process. On a lane of its own, since those that call may all be inside of one.
#pragma once

#include <map>
#include <utility>

#include "host/base/lane.hpp"
#include "host/plugin/calls.hpp"
#include "host/plugin/services.hpp"
#include "host/runtime/process_watch.hpp"

namespace stipend::runtime {

class CallWatch {
  public:
    struct Sinks {
        plugin::LogSink* log = nullptr;
        plugin::MetricSink* metrics = nullptr;
        plugin::AlertSink* alerts = nullptr;  // may be NULL: then they are log lines
        ProcessWatch* process = nullptr;      // NULL: it is not looked at
    };
    static constexpr std::int64_t slow_ns = 1'000'000'000;
    static constexpr std::int64_t stuck_ns = 10'000'000'000;

    // What `sinks` hold outlives it. `lane` has a width of 1 and is used by nothing else.
    CallWatch(Sinks sinks, std::shared_ptr<Lane> lane);
    ~CallWatch() { lane_->end(); }
    CallWatch(const CallWatch&) = delete;
    CallWatch& operator=(const CallWatch&) = delete;

    // Other instances are in force: what those of before took was put back, and is over. [any]
    void plugins_replaced();

  private:
    using Key = std::pair<std::uint64_t, std::uint64_t>;  // thread, number
    struct SlowCall {
        plugin::RunningCall call;
        bool stuck = false;
    };
    void look();
    void look_at_process();
    void report_slow(const plugin::RunningCall& call);
    void report_stuck(const plugin::RunningCall& call);
    void report_end(const SlowCall& seen);

    const Sinks sinks_;
    const std::shared_ptr<Lane> lane_;
    std::map<Key, SlowCall> slow_;  // only on the lane
};

}  // namespace stipend::runtime
