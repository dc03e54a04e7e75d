// An answer that another thread gives later, by a callback, and that is waited for. It is over as well where the
// callback is dropped without a call, as it is while the host stops.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <utility>

#include "stipend/result.hpp"

namespace stipend::runtime {

// Made, and waited for, on a thread that may block: not on the one that gives the answer.
template <class T>
class PendingAnswer {
  public:
    // Gives the answer: at most one call, of one of its copies, on any thread; also after the wait was given up.
    using Give = std::function<void(T)>;

    PendingAnswer() : promise_(std::make_shared<std::promise<T>>()), answer_(promise_->get_future()) {}

    // Once. Nothing else keeps the answer open: it is dropped with the last copy.
    [[nodiscard]] Give giver() {
        return [promise = std::exchange(promise_, nullptr)](T answer) { promise->set_value(std::move(answer)); };
    }
    // Once, behind `giver`, for as long as it takes. STATE: it was dropped.
    [[nodiscard]] Result<T> wait() {
        try {
            return answer_.get();
        } catch (const std::future_error&) {
            return fail(STIPEND_E_STATE, "the host is stopping");
        }
    }
    // The same for `patience_ns` at most, of real time. `late`: it has not come, and may be given later.
    [[nodiscard]] Result<T> wait_within(std::int64_t patience_ns, Error late) {
        if (answer_.wait_for(std::chrono::nanoseconds(patience_ns)) != std::future_status::ready) return late;
        return wait();
    }

  private:
    std::shared_ptr<std::promise<T>> promise_;  // until `giver`
    std::future<T> answer_;
};

}  // namespace stipend::runtime
