#include "host/base/lane.hpp"

#include <chrono>
#include <utility>

#include "stipend/result.hpp"

namespace stipend {
namespace {

thread_local const Lane* current_lane = nullptr;

}  // namespace

class Lane::Turn {
  public:
    explicit Turn(std::shared_ptr<Lane> lane) : lane_(std::move(lane)) {}
    Turn(Turn&&) = default;
    Turn& operator=(Turn&&) = delete;
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
        if (!lane_) return;
        const std::lock_guard lock(lane_->mutex_);
        --lane_->running_;
        lane_->idle_.notify_all();
    }
    void operator()() {
        const auto lane = std::move(lane_);
        lane->run();
    }

  private:
    std::shared_ptr<Lane> lane_;
};

Lane::Lane(Executor& pool, unsigned width) : pool_(pool), width_(width) {
    STIPEND_ASSERT(width > 0);
}

void Lane::post(Task work) {
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return;
        STIPEND_ASSERT(queue_.size() < Executor::max_waiting);
        queue_.push_back(std::move(work));
        if (running_ == width_) return;
        ++running_;
    }
    pool_.post(Turn(shared_from_this()));
}

// That the last turn ends is decided with the lock that `post` takes: what is posted is seen by it, or by a new one.
void Lane::run() {
    current_lane = this;
    std::unique_lock lock(mutex_);
    while (!queue_.empty()) {
        auto work = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        work();
        work = {};
        lock.lock();
    }
    --running_;
    idle_.notify_all();
    current_lane = nullptr;
}

std::uint64_t Lane::after(std::int64_t delay_ns, Task work) {
    return pool_.after(delay_ns, shared_from_this(), std::move(work));
}

bool Lane::cancel_timer(std::uint64_t timer) {
    return pool_.cancel_timer(timer);
}

void Lane::every(std::int64_t interval_ns, std::function<void()> work) {
    const auto timer = after(interval_ns, [this, interval_ns, work = std::move(work)]() mutable {
        work();
        every(interval_ns, std::move(work));
    });
    STIPEND_ASSERT(timer != 0);
}

void Lane::close() {
    std::deque<Task> dropped;
    const std::lock_guard lock(mutex_);
    closed_ = true;
    dropped.swap(queue_);
}

void Lane::end() {
    close();
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return running_ == 0; });
}

bool Lane::end_within(std::int64_t patience_ns) {
    close();
    std::unique_lock lock(mutex_);
    return idle_.wait_for(lock, std::chrono::nanoseconds(patience_ns), [this] { return running_ == 0; });
}

bool Lane::current() const {
    return current_lane == this;
}

}  // namespace stipend
