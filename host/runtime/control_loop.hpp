// The event loop of the control thread, over Boost.Asio: work in order, timers, signals, readiness of descriptors.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "host/base/task.hpp"
#include "host/base/time.hpp"
#include "host/runtime/pending_answer.hpp"

namespace boost::asio {
class io_context;
}

namespace stipend::runtime {

class ControlLoop {
  public:
    ControlLoop();
    ~ControlLoop();
    ControlLoop(const ControlLoop&) = delete;
    ControlLoop& operator=(const ControlLoop&) = delete;

    // Runs `work` on the control thread, in the order of the calls. Dropped after `close`. [any]
    // At most `Executor::max_waiting` wait.
    void post(Task work);
    // Runs `work` on the control thread and waits for its result. STATE: the loop ends before it runs. [any but
    // control]
    template <class Work>
    auto ask(Work work) -> Result<decltype(work())> {
        PendingAnswer<decltype(work())> answer;
        post_ask(answer, std::move(work));
        return answer.wait();
    }
    // The same for a bounded time. TIMEOUT: it has not run yet, and may run later.
    template <class Work>
    auto ask_within(std::int64_t patience_ns, Work work) -> Result<decltype(work())> {
        PendingAnswer<decltype(work())> answer;
        post_ask(answer, std::move(work));
        return answer.wait_within(patience_ns, fail(STIPEND_E_TIMEOUT, "the control thread does not answer"));
    }

    // Runs on the calling thread until `stop`: all work there is, then `turn`, which returns when it wants to be called
    // again if no work comes before (monotonic time; none: never).
    void run(const Clock& clock, const std::function<std::optional<stipend_mono_ns>()>& turn);
    // From inside the loop: `run` returns after the work at hand.
    void stop() { stopping_ = true; }
    // Drops what waits and all that is posted later. [control], or when `run` is over
    void close();
    // The longest that one turn has kept the control thread since the last call; for metrics. [any]
    std::int64_t take_longest_turn_ns();

    // For objects whose events come on the control thread; they end before the loop does.
    [[nodiscard]] boost::asio::io_context& io() { return *io_; }

  private:
    template <class T, class Work>
    void post_ask(PendingAnswer<T>& answer, Work work) {
        post([give = answer.giver(), work = std::move(work)]() mutable { give(work()); });
    }

    const std::unique_ptr<boost::asio::io_context> io_;
    std::atomic<std::size_t> waiting_ = 0;
    std::mutex mutex_;
    bool closed_ = false;               // guarded by mutex_
    std::int64_t longest_turn_ns_ = 0;  // guarded by mutex_
    // Only on the control thread:
    const Clock* clock_ = nullptr;  // while `run` runs
    stipend_mono_ns turn_began_ = 0;
    bool stopping_ = false;
};

}  // namespace stipend::runtime
