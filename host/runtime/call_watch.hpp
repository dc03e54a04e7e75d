// Reports calls of plugins that take long: by a log line and a counter after a second, by an alert after ten. On a
// thread of its own, since those that call may all be inside of one.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "host/plugin/calls.hpp"
#include "host/plugin/services.hpp"

namespace stipend::runtime {

class CallWatch {
  public:
    struct Sinks {
        plugin::LogSink* log = nullptr;
        plugin::MetricSink* metrics = nullptr;
        plugin::AlertSink* alerts = nullptr;  // may be NULL: then they are log lines
    };
    static constexpr std::int64_t slow_ns = 1'000'000'000;
    static constexpr std::int64_t stuck_ns = 10'000'000'000;

    // What `sinks` hold outlives it.
    explicit CallWatch(Sinks sinks);
    ~CallWatch();
    CallWatch(const CallWatch&) = delete;
    CallWatch& operator=(const CallWatch&) = delete;

  private:
    using Key = std::pair<std::uint64_t, std::uint64_t>;  // thread, number
    struct SlowCall {
        plugin::RunningCall call;
        bool stuck = false;
    };
    void run();
    void look();
    void report_slow(const plugin::RunningCall& call);
    void report_stuck(const plugin::RunningCall& call);
    void report_end(const SlowCall& seen);

    const Sinks sinks_;
    std::map<Key, SlowCall> slow_;  // only on the thread
    std::mutex mutex_;
    std::condition_variable stop_;
    bool stopping_ = false;  // guarded by mutex_
    std::thread thread_;     // last: it begins when all else is there
};

}  // namespace stipend::runtime
