// A queue of its own on a pool that others use too. The pool has threads for all of its lanes at once, so what runs on
// one lane, for however long, holds up no other one.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "host/base/executor.hpp"

namespace stipend {

// Made by `ThreadPool::make_lane`; ends before its pool does. With a width of 1 its work runs in order.
class Lane final : public Strand, public std::enable_shared_from_this<Lane> {
  public:
    // At most `width` threads of `pool` run its work at once.
    Lane(Executor& pool, unsigned width);

    void post(Task work) override;
    // Posts `work` after `delay_ns`. Returns a handle for `cancel_timer`; 0: the pool has too many timers. [any]
    std::uint64_t after(std::int64_t delay_ns, Task work);
    // True: the work was not posted, and will not be. [any]
    bool cancel_timer(std::uint64_t timer);
    // Runs `work` each `interval_ns` from now on, until the lane is closed; what one run lasts comes on top. [any]
    void every(std::int64_t interval_ns, std::function<void()> work);

    void close() override;
    // Closes it, and waits until nothing of it runs. [any thread but the lane's]
    void end();
    // The same for `patience_ns` at most. False: work still runs.
    [[nodiscard]] bool end_within(std::int64_t patience_ns);
    [[nodiscard]] bool current() const override;

  private:
    // One of the threads that are at the lane's work; that its pool drops it ends it too.
    class Turn;
    void run();

    Executor& pool_;
    const unsigned width_;
    std::mutex mutex_;
    std::condition_variable idle_;
    std::deque<Task> queue_;  // guarded by mutex_
    unsigned running_ = 0;    // guarded by mutex_: turns that were posted and have not ended
    bool closed_ = false;     // guarded by mutex_
};

}  // namespace stipend
