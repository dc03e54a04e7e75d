// A pool of named threads (Boost.Asio behind it).
#pragma once

#include <memory>

#include "host/base/executor.hpp"
#include "stipend/result.hpp"

namespace stipend {

class ThreadPool final : public Executor {
  public:
    // Starts `threads` threads called `name` (at most 15 characters). UNAVAILABLE: the system refuses a thread.
    [[nodiscard]] static Result<std::unique_ptr<ThreadPool>> create(unsigned threads, const char* name);
    // Drops what has not begun, then joins.
    ~ThreadPool() override;
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    // Runs `work` on one of the threads; in order where there is one thread. [any]
    void post(Task work);
    // Starts further threads until there are `threads` of them, as far as the system lets it. [any]
    void reach(unsigned threads);
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
