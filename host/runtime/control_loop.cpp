#include "host/runtime/control_loop.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>

#include "host/base/executor.hpp"
#include "host/plugin/services.hpp"

namespace stipend::runtime {
namespace {

constexpr std::size_t max_work_per_turn = 4096;

// The system's monotonic clock is the one that Clock::monotonic reads.
std::chrono::steady_clock::time_point instant(stipend_mono_ns at) {
    return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(at));
}

}  // namespace

ControlLoop::ControlLoop() : io_(std::make_unique<boost::asio::io_context>(1)) {}
ControlLoop::~ControlLoop() {
    close();
}

void ControlLoop::post(Task work) {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    const auto before = waiting_.fetch_add(1, std::memory_order_relaxed);
    STIPEND_ASSERT(before < Executor::max_waiting);
    boost::asio::post(*io_, [this, work = std::move(work)]() mutable {
        waiting_.fetch_sub(1, std::memory_order_relaxed);
        if (clock_ == nullptr) return;  // closed
        if (turn_began_ == 0) turn_began_ = clock_->monotonic();
        work();
    });
}

void ControlLoop::run(const Clock& clock, const std::function<std::optional<stipend_mono_ns>()>& turn) {
    const plugin::ControlScope control;
    const auto guard = boost::asio::make_work_guard(*io_);
    clock_ = &clock;
    while (!stopping_) {
        // Bounded, so that a flood of work cannot keep the turn from its own timers.
        for (std::size_t done = 0; done < max_work_per_turn && io_->poll_one() != 0; ++done) continue;
        if (stopping_) break;
        if (turn_began_ == 0) turn_began_ = clock.monotonic();
        const auto wake_at = turn();
        const auto took = clock.monotonic() - std::exchange(turn_began_, 0);
        {
            const std::lock_guard lock(mutex_);
            longest_turn_ns_ = std::max(longest_turn_ns_, took);
        }
        if (stopping_) break;
        if (wake_at) {
            io_->run_one_until(instant(*wake_at));
        } else {
            io_->run_one();
        }
    }
    clock_ = nullptr;
}

void ControlLoop::close() {
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(closed_, true)) return;
    }
    // What waits is destroyed here, so that a thread in `ask` hears of it.
    io_->restart();
    io_->poll();
}

std::int64_t ControlLoop::take_longest_turn_ns() {
    const std::lock_guard lock(mutex_);
    return std::exchange(longest_turn_ns_, 0);
}

}  // namespace stipend::runtime
