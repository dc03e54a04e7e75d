#include "host/base/thread_pool.hpp"

#include <pthread.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <vector>

#include "host/base/thread_signals.hpp"

namespace stipend {
namespace {

namespace asio = boost::asio;
using PoolExecutor = asio::io_context::executor_type;

}  // namespace

struct ThreadPool::State {
    asio::io_context io;
    asio::executor_work_guard<PoolExecutor> guard{io.get_executor()};
    std::string name;
    std::vector<std::thread> threads;    // guarded by mutex while the pool is in use
    std::condition_variable ended;       // `running` fell
    unsigned running = 0;                // guarded by mutex: threads that have not ended
    std::atomic<bool> dropping = false;  // handlers are destroyed without running

    std::mutex mutex;
    std::unordered_map<std::uint64_t, std::unique_ptr<asio::steady_timer>> timers;  // guarded by mutex
    std::uint64_t last_timer = 0;                                                   // guarded by mutex

    // Throws what std::thread throws.
    void start(unsigned wanted) {
        const SignalsBlocked blocked;
        const std::lock_guard lock(mutex);
        while (threads.size() < wanted) {
            threads.emplace_back([this] {
                io.run();
                const std::lock_guard ending(mutex);
                --running;
                ended.notify_all();
            });
            ++running;
            ::pthread_setname_np(threads.back().native_handle(), name.c_str());
        }
    }
    void join() {
        for (auto& thread : threads) {
            if (thread.joinable()) thread.join();
        }
    }
};

namespace {

template <class State>
class PoolStrand final : public Strand, public std::enable_shared_from_this<PoolStrand<State>> {
  public:
    explicit PoolStrand(std::shared_ptr<State> state) : state_(std::move(state)), strand_(state_->io.get_executor()) {}

    void post(Task work) override {
        if (closed_ || state_->dropping) return;
        asio::post(strand_, [self = this->shared_from_this(), work = std::move(work)]() mutable {
            if (!self->closed_ && !self->state_->dropping) work();
        });
    }
    void close() override { closed_ = true; }
    [[nodiscard]] bool current() const override { return strand_.running_in_this_thread(); }

  private:
    const std::shared_ptr<State> state_;
    asio::strand<PoolExecutor> strand_;
    std::atomic<bool> closed_ = false;
};

}  // namespace

Result<std::unique_ptr<ThreadPool>> ThreadPool::create(unsigned threads, const char* name) {
    auto state = std::make_shared<State>();
    std::unique_ptr<ThreadPool> self(new ThreadPool(state));
    state->name = name;
    try {
        state->start(threads);
    } catch (const std::system_error& refusal) {
        return fail(STIPEND_E_UNAVAILABLE, "cannot start a thread: ", name, ": ", refusal.what());
    }
    return self;
}

void ThreadPool::reach(unsigned threads) {
    try {
        state_->start(threads);
    } catch (const std::system_error&) {
        // It goes on with those that there are.
    }
}

bool ThreadPool::stop_within(std::int64_t patience_ns) {
    state_->dropping = true;
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
    state_->io.stop();
    state_->join();
    {
        const std::lock_guard lock(state_->mutex);
        state_->timers.clear();
    }
    state_->guard.reset();
    state_->io.restart();
    state_->io.run();
}

void ThreadPool::post(Task work) {
    if (state_->dropping) return;
    asio::post(state_->io, [raw = state_.get(), work = std::move(work)]() mutable {
        if (!raw->dropping) work();
    });
}

void ThreadPool::finish() {
    state_->guard.reset();
    state_->join();
}

std::shared_ptr<Strand> ThreadPool::make_strand() {
    return std::make_shared<PoolStrand<State>>(state_);
}

std::uint64_t ThreadPool::after(std::int64_t delay_ns, std::shared_ptr<Strand> strand, Task work) {
    const std::lock_guard lock(state_->mutex);
    if (state_->timers.size() >= max_timers) return 0;
    const auto id = ++state_->last_timer;
    auto timer =
        std::make_unique<asio::steady_timer>(state_->io, std::chrono::nanoseconds(std::max<std::int64_t>(delay_ns, 0)));
    timer->async_wait([raw = state_.get(), id, strand = std::move(strand),
                       work = std::move(work)](const boost::system::error_code&) mutable {
        {
            // Cancellation removes the timer before its handler runs: only a timer that is still listed has expired.
            const std::lock_guard timers(raw->mutex);
            if (raw->timers.erase(id) == 0) return;
        }
        strand->post(std::move(work));
    });
    state_->timers.emplace(id, std::move(timer));
    return id;
}

bool ThreadPool::cancel_timer(std::uint64_t timer) {
    const std::lock_guard lock(state_->mutex);
    return state_->timers.erase(timer) != 0;
}

}  // namespace stipend
