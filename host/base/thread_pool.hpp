// A pool of named threads (Boost.Asio behind it). It starts with one, and has as many as there was work for at once,
// and one that is free.
#pragma once

#include <memory>

#include "host/base/executor.hpp"
#include "host/base/lane.hpp"
#include "stipend/result.hpp"

namespace stipend {

class ThreadPool final : public Executor {
  public:
    // At most `threads` threads called `name` (at most 15 characters). UNAVAILABLE: the system refuses the first one.
    [[nodiscard]] static Result<std::unique_ptr<ThreadPool>> create(unsigned threads, const char* name);
    // Drops what has not begun, then joins.
    ~ThreadPool() override;
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    // Runs `work` on one of the threads; in order where there is one thread. [any]
    void post(Task work) override;
    // It may have `threads` threads from now on; never fewer than before. [any]
    void reach(unsigned threads);
    // A queue that is served by `width` threads at once, whatever else the pool is at: it may have so many more. [any]
    [[nodiscard]] std::shared_ptr<Lane> make_lane(unsigned width = 1);
    // As the end of the pool, but waits for `patience_ns` at most. False: a thread is still at work; it is left alone,
    // with all that it needs, and ends with the process. [any thread but the pool's] Nothing else may follow.
    [[nodiscard]] bool stop_within(std::int64_t patience_ns);
    // Runs all that was posted, then joins; nothing may be posted any more. [any thread but the pool's]
    void finish();

    [[nodiscard]] std::shared_ptr<Strand> make_strand() override;
    // Strands that are in use keep the pool's machinery alive, but not its threads.
    std::uint64_t after(std::int64_t delay_ns, std::shared_ptr<Strand> strand, Task work) override;
    bool cancel_timer(std::uint64_t timer) override;

  private:
    struct State;
    explicit ThreadPool(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
};

}  // namespace stipend
