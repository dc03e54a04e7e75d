#include "host/base/thread_pool.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "host/base/thread_signals.hpp"

namespace stipend {
namespace {

namespace asio = boost::asio;
using PoolExecutor = asio::io_context::executor_type;
using Steady = std::chrono::steady_clock;
using TimePoint = Steady::time_point;
constexpr TimePoint never = TimePoint::max();

// Work with the strand that it is posted to.
struct Timed {
    std::shared_ptr<Strand> strand;
    Task work;
};

// Timers by their time and, where that is equal, in the order in which they were added.
class TimerQueue {
  public:
    std::uint64_t add(TimePoint at, Timed timed) {
        const auto id = ++last_;
        by_time_.emplace(std::pair(at, id), std::move(timed));
        times_.emplace(id, at);
        return id;
    }
    // What is taken out is destroyed by the caller: it may own anything.
    std::optional<Timed> remove(std::uint64_t id) {
        const auto time = times_.find(id);
        if (time == times_.end()) return std::nullopt;
        const auto found = by_time_.find(std::pair(time->second, id));
        std::optional<Timed> out(std::move(found->second));
        by_time_.erase(found);
        times_.erase(time);
        return out;
    }
    std::vector<Timed> take_due(TimePoint now) {
        std::vector<Timed> out;
        while (!by_time_.empty() && by_time_.begin()->first.first <= now) {
            times_.erase(by_time_.begin()->first.second);
            out.push_back(std::move(by_time_.begin()->second));
            by_time_.erase(by_time_.begin());
        }
        return out;
    }
    [[nodiscard]] TimePoint earliest() const { return by_time_.empty() ? never : by_time_.begin()->first.first; }
    [[nodiscard]] std::size_t size() const { return times_.size(); }

  private:
    std::map<std::pair<TimePoint, std::uint64_t>, Timed> by_time_;
    std::unordered_map<std::uint64_t, TimePoint> times_;
    std::uint64_t last_ = 0;
};

}  // namespace

struct ThreadPool::State {
    asio::io_context io;
    asio::executor_work_guard<PoolExecutor> guard{io.get_executor()};
    std::string name;
    std::vector<std::thread> threads;     // guarded by mutex, until `may_grow` is false
    std::condition_variable ended;        // `running` fell
    unsigned running = 0;                 // guarded by mutex: threads that have not ended
    bool may_grow = true;                 // guarded by mutex
    std::atomic<unsigned> most;           // threads
    std::atomic<unsigned> started = 0;    // never more than `most`
    std::atomic<std::size_t> wanted = 0;  // threads: tasks of no strand, and strands with tasks, that have not ended
    std::atomic<bool> dropping = false;   // handlers are destroyed without running
    std::atomic<std::size_t> waiting = 0;

    std::mutex mutex;
    TimerQueue timers;  // guarded by mutex
    // Set to the earliest of `timers` or before it: most timers are cancelled, and none of that touches the alarm.
    asio::steady_timer alarm{io};  // guarded by mutex
    TimePoint alarm_at = never;    // guarded by mutex

    void count_in() {
        const auto before = waiting.fetch_add(1, std::memory_order_relaxed);
        STIPEND_ASSERT(before < max_waiting);
    }
    void count_out() { waiting.fetch_sub(1, std::memory_order_relaxed); }

    // A thread stays free for the alarm, so that no timer waits for work to end.
    void want() {
        const auto now_wanted = wanted.fetch_add(1, std::memory_order_relaxed) + 1;
        const auto there = started.load(std::memory_order_relaxed);
        if (now_wanted < there || there >= most.load(std::memory_order_relaxed)) return;
        try {
            start_one();
        } catch (const std::system_error&) {
            // It goes on with those that there are.
        }
    }
    void unwant() { wanted.fetch_sub(1, std::memory_order_relaxed); }
    // Throws what std::thread throws.
    void start_one() {
        const SignalsBlocked blocked;
        const std::lock_guard lock(mutex);
        if (!may_grow || started >= most) return;
        threads.emplace_back([this] {
            io.run();
            const std::lock_guard ending(mutex);
            --running;
            ended.notify_all();
        });
        ++running;
        ++started;
        ::pthread_setname_np(threads.back().native_handle(), name.c_str());
    }
    void stop_growing() {
        const std::lock_guard lock(mutex);
        may_grow = false;
    }
    void join() {
        for (auto& thread : threads) {
            if (thread.joinable()) thread.join();
        }
    }
    // With `mutex` locked.
    void set_alarm() {
        if (timers.earliest() >= alarm_at) return;
        alarm_at = timers.earliest();
        alarm.expires_at(alarm_at);
        alarm.async_wait([this](const boost::system::error_code& problem) {
            if (!problem) run_timers();
        });
    }
    void run_timers() {
        std::vector<Timed> due;
        {
            const std::lock_guard lock(mutex);
            alarm_at = never;
            due = timers.take_due(Steady::now());
            set_alarm();
        }
        for (auto& one : due) one.strand->post(std::move(one.work));
    }
};

namespace {

template <class State>
class PoolStrand final : public Strand, public std::enable_shared_from_this<PoolStrand<State>> {
  public:
    explicit PoolStrand(std::shared_ptr<State> state) : state_(std::move(state)), strand_(state_->io.get_executor()) {}

    void post(Task work) override {
        if (closed_ || state_->dropping) return;
        state_->count_in();
        if (tasks_.fetch_add(1, std::memory_order_acq_rel) == 0) state_->want();
        asio::post(strand_, [self = this->shared_from_this(), work = std::move(work)]() mutable {
            self->state_->count_out();
            if (!self->closed_ && !self->state_->dropping) work();
            if (self->tasks_.fetch_sub(1, std::memory_order_acq_rel) == 1) self->state_->unwant();
        });
    }
    void close() override { closed_ = true; }
    [[nodiscard]] bool current() const override { return strand_.running_in_this_thread(); }

  private:
    const std::shared_ptr<State> state_;
    asio::strand<PoolExecutor> strand_;
    std::atomic<std::size_t> tasks_ = 0;  // that have not ended
    std::atomic<bool> closed_ = false;
};

}  // namespace

Result<std::unique_ptr<ThreadPool>> ThreadPool::create(unsigned threads, const char* name) {
    auto state = std::make_shared<State>();
    std::unique_ptr<ThreadPool> self(new ThreadPool(state));
    STIPEND_ASSERT(threads > 0);
    state->name = name;
    state->most = threads;
    try {
        state->start_one();
    } catch (const std::system_error& refusal) {
        return fail(STIPEND_E_UNAVAILABLE, "cannot start a thread: ", name, ": ", refusal.what());
    }
    return self;
}

void ThreadPool::reach(unsigned threads) {
    const std::lock_guard lock(state_->mutex);
    state_->most = std::max(state_->most.load(), threads);
}

std::shared_ptr<Lane> ThreadPool::make_lane(unsigned width) {
    state_->most += width;
    return std::make_shared<Lane>(*this, width);
}

bool ThreadPool::stop_within(std::int64_t patience_ns) {
    state_->dropping = true;
    state_->stop_growing();
    state_->io.stop();
    std::unique_lock lock(state_->mutex);
    if (state_->ended.wait_for(lock, std::chrono::nanoseconds(patience_ns), [&] { return state_->running == 0; }))
        return true;
    for (auto& thread : state_->threads) thread.detach();
    state_->threads.clear();
    lock.unlock();
    [[maybe_unused]] static auto& left = *new std::vector<std::shared_ptr<State>>();  // never freed
    left.push_back(state_);
    state_ = std::make_shared<State>();
    return false;
}

// What is still queued may own strands, and so the state that owns the queue: the queue is emptied to break that
// circle.
ThreadPool::~ThreadPool() {
    state_->dropping = true;
    state_->stop_growing();
    state_->io.stop();
    state_->join();
    const auto dropped = [&] {
        const std::lock_guard lock(state_->mutex);
        state_->alarm.cancel();
        return std::exchange(state_->timers, {});
    }();
    state_->guard.reset();
    state_->io.restart();
    state_->io.run();
}

void ThreadPool::post(Task work) {
    if (state_->dropping) return;
    state_->count_in();
    state_->want();
    asio::post(state_->io, [raw = state_.get(), work = std::move(work)]() mutable {
        raw->count_out();
        if (!raw->dropping) work();
        raw->unwant();
    });
}

void ThreadPool::finish() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->may_grow = false;
        if (state_->timers.size() == 0) state_->alarm.cancel();
    }
    state_->guard.reset();
    state_->join();
}

std::shared_ptr<Strand> ThreadPool::make_strand() {
    return std::make_shared<PoolStrand<State>>(state_);
}

std::uint64_t ThreadPool::after(std::int64_t delay_ns, std::shared_ptr<Strand> strand, Task work) {
    const auto now = Steady::now();
    const std::chrono::nanoseconds delay(std::max<std::int64_t>(delay_ns, 0));
    const auto at = delay < never - now ? now + delay : never;
    const std::lock_guard lock(state_->mutex);
    if (state_->timers.size() >= max_timers) return 0;
    const auto id = state_->timers.add(at, {std::move(strand), std::move(work)});
    state_->set_alarm();
    return id;
}

bool ThreadPool::cancel_timer(std::uint64_t timer) {
    const auto removed = [&] {
        const std::lock_guard lock(state_->mutex);
        return state_->timers.remove(timer);
    }();
    return removed.has_value();
}

}  // namespace stipend
