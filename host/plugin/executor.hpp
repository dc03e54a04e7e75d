// Where plugins' [pool] calls run: a pool whose threads take turns over strands. Work of one strand runs in order and
// never concurrently; a strand that is busy keeps no thread from the others.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "host/base/task.hpp"
#include "host/base/time.hpp"

namespace stipend::plugin {

class Executor;

// A line of work in order. Outlives its work by shared ownership: what is posted after `close` is dropped.
class Strand : public std::enable_shared_from_this<Strand> {
  public:
    explicit Strand(Executor& executor) : executor_(executor) {}
    void post(Task work);
    // Drops what waits, and all that comes. What runs at the moment runs on.
    void close();
    // True on the thread that runs this strand's work at the moment.
    [[nodiscard]] bool current() const;
    // Runs what waits; called by the executor only. True where more came meanwhile.
    bool run_some();

  private:
    Executor& executor_;
    std::mutex mutex_;
    std::vector<Task> waiting_;  // guarded by mutex_
    bool scheduled_ = false;     // guarded by mutex_: the executor has it, or runs it
    bool closed_ = false;        // guarded by mutex_
    std::vector<Task> running_;  // only on the thread that runs it
};

class Executor {
  public:
    virtual ~Executor() = default;
    // Has `strand` run soon. [any]
    virtual void schedule(std::shared_ptr<Strand> strand) = 0;
    // Posts `work` to `strand` once `delay_ns` has passed; a handle for `cancel_timer`, 0 beyond the bound on timers.
    // [any]
    virtual std::uint64_t after(std::int64_t delay_ns, std::shared_ptr<Strand> strand, Task work) = 0;
    // True where the work will now never be posted. [any]
    virtual bool cancel_timer(std::uint64_t timer) = 0;
};

inline constexpr std::size_t max_timers = 1'000'000;

// The real one: `threads` workers and one that keeps the timers.
class WorkerPool final : public Executor {
  public:
    explicit WorkerPool(unsigned threads);
    ~WorkerPool() override;  // joins; what waits is dropped
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;
    void schedule(std::shared_ptr<Strand> strand) override;
    std::uint64_t after(std::int64_t delay_ns, std::shared_ptr<Strand> strand, Task work) override;
    bool cancel_timer(std::uint64_t timer) override;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace stipend::plugin
