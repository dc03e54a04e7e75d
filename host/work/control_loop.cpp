#include "host/work/control_loop.hpp"

#include <chrono>
#include <utility>

#include "host/plugin/services.hpp"

namespace stipend::work {

void ControlLoop::post(Task work) {
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return;
        waiting_.push_back(std::move(work));
        if (waiting_.size() > 1) return;  // the thread was told of the first one
    }
    changed_.notify_one();
}

void ControlLoop::run(const Clock& clock, const std::function<std::optional<stipend_mono_ns>()>& between) {
    const plugin::ControlScope control;
    std::vector<Task> batch;
    while (!stopping_) {
        const auto begun = clock.monotonic();
        for (auto& work : batch) {
            work();
            work = Task();
        }
        batch.clear();
        const auto wake_at = between();
        const auto ended = clock.monotonic();
        std::unique_lock lock(mutex_);
        longest_turn_ns_ = std::max(longest_turn_ns_, ended - begun);
        if (stopping_) break;
        const auto ready = [&] { return !waiting_.empty(); };
        if (!wake_at) {
            changed_.wait(lock, ready);
        } else if (*wake_at > ended) {
            changed_.wait_for(lock, std::chrono::nanoseconds(*wake_at - ended), ready);
        }
        batch.swap(waiting_);
    }
}

void ControlLoop::close() {
    std::vector<Task> dropped;  // destroyed outside the lock: what it owns may reach back here
    const std::lock_guard lock(mutex_);
    closed_ = true;
    dropped.swap(waiting_);
}

std::int64_t ControlLoop::take_longest_turn_ns() {
    const std::lock_guard lock(mutex_);
    return std::exchange(longest_turn_ns_, 0);
}

}  // namespace stipend::work
