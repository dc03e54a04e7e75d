#include "host/plugin/executor.hpp"

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <thread>
#include <unordered_map>

namespace stipend::plugin {
namespace {

thread_local const Strand* current_strand = nullptr;

}  // namespace

void Strand::post(Task work) {
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return;
        waiting_.push_back(std::move(work));
        if (scheduled_) return;
        scheduled_ = true;
    }
    executor_.schedule(shared_from_this());
}

void Strand::close() {
    std::vector<Task> dropped;  // destroyed outside the lock: what it owns may reach back here
    const std::lock_guard lock(mutex_);
    closed_ = true;
    dropped.swap(waiting_);
}

bool Strand::current() const {
    return current_strand == this;
}

bool Strand::run_some() {
    {
        const std::lock_guard lock(mutex_);
        running_.swap(waiting_);
    }
    const auto* outer = std::exchange(current_strand, this);
    for (auto& work : running_) {
        work();
        work = Task();  // what it owns goes now, not after the last of them
    }
    current_strand = outer;
    running_.clear();
    const std::lock_guard lock(mutex_);
    scheduled_ = !waiting_.empty();
    return scheduled_;
}

struct WorkerPool::State {
    struct Timer {
        std::shared_ptr<Strand> strand;
        Task work;
    };
    using TimerKey = std::pair<stipend_mono_ns, std::uint64_t>;

    std::mutex ready_mutex;
    std::condition_variable ready_changed;
    std::deque<std::shared_ptr<Strand>> ready;  // guarded by ready_mutex
    bool stopping = false;                      // guarded by ready_mutex and timer_mutex both

    std::mutex timer_mutex;
    std::condition_variable timer_changed;
    std::map<TimerKey, Timer> timers;                                // guarded by timer_mutex
    std::unordered_map<std::uint64_t, stipend_mono_ns> timer_times;  // guarded by timer_mutex
    std::uint64_t last_timer = 0;                                    // guarded by timer_mutex

    SystemClock clock;
    std::vector<std::thread> threads;

    void work() {
        std::unique_lock lock(ready_mutex);
        while (true) {
            ready_changed.wait(lock, [&] { return stopping || !ready.empty(); });
            if (stopping) return;
            auto strand = std::move(ready.front());
            ready.pop_front();
            lock.unlock();
            const bool more = strand->run_some();
            lock.lock();
            if (more) {
                ready.push_back(std::move(strand));
            } else {
                lock.unlock();
                strand.reset();
                lock.lock();
            }
        }
    }

    void keep_time() {
        std::unique_lock lock(timer_mutex);
        while (!stopping) {
            if (timers.empty()) {
                timer_changed.wait(lock);
                continue;
            }
            const auto next = timers.begin()->first.first;
            const auto left = next - clock.monotonic();
            if (left > 0) {
                timer_changed.wait_for(lock, std::chrono::nanoseconds(left));
                continue;
            }
            auto timer = std::move(timers.begin()->second);
            timer_times.erase(timers.begin()->first.second);
            timers.erase(timers.begin());
            lock.unlock();
            timer.strand->post(std::move(timer.work));
            lock.lock();
        }
    }
};

WorkerPool::WorkerPool(unsigned threads) : state_(std::make_unique<State>()) {
    for (unsigned i = 0; i < std::max(threads, 1U); ++i) {
        state_->threads.emplace_back([this] { state_->work(); });
        ::pthread_setname_np(state_->threads.back().native_handle(), "stipend-worker");
    }
    state_->threads.emplace_back([this] { state_->keep_time(); });
    ::pthread_setname_np(state_->threads.back().native_handle(), "stipend-timer");
}

WorkerPool::~WorkerPool() {
    {
        const std::scoped_lock lock(state_->ready_mutex, state_->timer_mutex);
        state_->stopping = true;
    }
    state_->ready_changed.notify_all();
    state_->timer_changed.notify_all();
    for (auto& thread : state_->threads) thread.join();
}

void WorkerPool::schedule(std::shared_ptr<Strand> strand) {
    {
        const std::lock_guard lock(state_->ready_mutex);
        state_->ready.push_back(std::move(strand));
    }
    state_->ready_changed.notify_one();
}

std::uint64_t WorkerPool::after(std::int64_t delay_ns, std::shared_ptr<Strand> strand, Task work) {
    std::uint64_t timer = 0;
    if (delay_ns <= 0) {
        strand->post(std::move(work));
        const std::lock_guard lock(state_->timer_mutex);
        return ++state_->last_timer;
    }
    const auto at = state_->clock.monotonic() + delay_ns;
    bool first = false;
    {
        const std::lock_guard lock(state_->timer_mutex);
        if (state_->timers.size() >= max_timers) return 0;
        timer = ++state_->last_timer;
        const auto placed =
            state_->timers.emplace(State::TimerKey{at, timer}, State::Timer{std::move(strand), std::move(work)});
        state_->timer_times.emplace(timer, at);
        first = placed.first == state_->timers.begin();
    }
    if (first) state_->timer_changed.notify_one();
    return timer;
}

bool WorkerPool::cancel_timer(std::uint64_t timer) {
    State::Timer dropped;  // destroyed outside the lock
    const std::lock_guard lock(state_->timer_mutex);
    const auto found = state_->timer_times.find(timer);
    if (found == state_->timer_times.end()) return false;
    const auto at = state_->timers.find({found->second, timer});
    dropped = std::move(at->second);
    state_->timers.erase(at);
    state_->timer_times.erase(found);
    return true;
}

}  // namespace stipend::plugin
