// The control thread's queue: work in order, and a time to wake up at when there is none.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "host/base/task.hpp"
#include "host/base/time.hpp"

namespace stipend::work {

class ControlLoop {
  public:
    // Adds work for the control thread. [any] Dropped after `close`.
    void post(Task work);
    // Runs on the calling thread until `stop` is posted: all work there is, then `between`, which answers when it wants
    // to be called again if nothing else comes (monotonic; none: never).
    void run(const Clock& clock, const std::function<std::optional<stipend_mono_ns>()>& between);
    // From inside the loop: `run` returns after the present work.
    void stop() { stopping_ = true; }
    // Drops what waits, and all that comes.
    void close();
    // The longest that the work of one turn has kept the control thread, since the last call; for metrics. [any]
    std::int64_t take_longest_turn_ns();

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Task> waiting_;         // guarded by mutex_
    bool closed_ = false;               // guarded by mutex_
    std::int64_t longest_turn_ns_ = 0;  // guarded by mutex_
    bool stopping_ = false;             // only on the control thread
};

}  // namespace stipend::work
