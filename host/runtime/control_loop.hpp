// The event loop of the control thread, over Boost.Asio: work in order, timers, signals, readiness of descriptors.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>

#include "host/base/task.hpp"
#include "host/base/time.hpp"

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
    void post(Task work);
    // Runs `work` on the control thread and waits for its result. STATE: the loop ends before it runs. [any but
    // control]
    template <class Work>
    auto ask(Work work) -> Result<decltype(work())> {
        auto answer = begin_ask(std::move(work));
        return take(answer);
    }
    // The same for a bounded time. TIMEOUT: it has not run yet, and may run later.
    template <class Work>
    auto ask_within(std::int64_t patience_ns, Work work) -> Result<decltype(work())> {
        auto answer = begin_ask(std::move(work));
        if (answer.wait_for(std::chrono::nanoseconds(patience_ns)) != std::future_status::ready) {
            return fail(STIPEND_E_TIMEOUT, "the control thread does not answer");
        }
        return take(answer);
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
    template <class Work>
    auto begin_ask(Work work) -> std::future<decltype(work())> {
        auto promise = std::make_shared<std::promise<decltype(work())>>();
        auto answer = promise->get_future();
        post([promise = std::move(promise), work = std::move(work)]() mutable { promise->set_value(work()); });
        return answer;
    }
    template <class T>
    static Result<T> take(std::future<T>& answer) {
        try {
            return answer.get();
        } catch (const std::future_error&) {  // the work was dropped, and the promise with it
            return fail(STIPEND_E_STATE, "the host is stopping");
        }
    }

    const std::unique_ptr<boost::asio::io_context> io_;
    std::mutex mutex_;
    bool closed_ = false;               // guarded by mutex_
    std::int64_t longest_turn_ns_ = 0;  // guarded by mutex_
    // Only on the control thread:
    const Clock* clock_ = nullptr;  // while `run` runs
    stipend_mono_ns turn_began_ = 0;
    bool stopping_ = false;
};

}  // namespace stipend::runtime
