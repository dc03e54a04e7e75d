// Where work runs that must not run on the calling thread: strands over a pool of threads, and timers.
#pragma once

#include <cstdint>
#include <memory>

#include "host/base/task.hpp"

namespace stipend {

// Work that runs in the order in which it was posted and never concurrently with itself. All functions: [any] thread.
class Strand {
  public:
    virtual ~Strand() = default;
    virtual void post(Task work) = 0;
    // Work that has not begun is dropped, and so is all that is posted later. Work that is running completes.
    virtual void close() = 0;
    // True on the thread that currently runs this strand's work.
    [[nodiscard]] virtual bool current() const = 0;
};

// All functions: [any] thread.
class Executor {
  public:
    static constexpr std::size_t max_timers = 1'000'000;
    // Work of one pool, or of one loop, that has not begun. What posts it is bounded: timers, calls of plugins, rows of
    // one batch. So more is an error of the program, and asserted.
    static constexpr std::size_t max_waiting = 4 * max_timers;

    virtual ~Executor() = default;
    // Runs `work` on one of the threads.
    virtual void post(Task work) = 0;
    [[nodiscard]] virtual std::shared_ptr<Strand> make_strand() = 0;
    // Posts `work` to `strand` after `delay_ns`. Returns a handle for `cancel_timer`; 0: `max_timers` are pending.
    virtual std::uint64_t after(std::int64_t delay_ns, std::shared_ptr<Strand> strand, Task work) = 0;
    // True: the work was not posted, and will not be.
    virtual bool cancel_timer(std::uint64_t timer) = 0;
};

}  // namespace stipend
