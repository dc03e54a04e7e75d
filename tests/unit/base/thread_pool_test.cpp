// Timers of a pool: their order, cancellation, and that none of them keeps a pool alive.
#include "host/base/thread_pool.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <mutex>
#include <vector>

#include "stipend/duration.hpp"

using namespace stipend;

namespace {

struct Timers {
    std::unique_ptr<ThreadPool> pool = std::move(ThreadPool::create(2, "test-pool")).value();
    std::shared_ptr<Strand> strand = pool->make_strand();
    std::mutex mutex;
    std::vector<int> ran;  // guarded by mutex
    std::promise<void> last;

    std::uint64_t after(std::int64_t delay_ns, int number) {
        return pool->after(delay_ns, strand, [this, number] { note(number); });
    }
    std::uint64_t last_after(std::int64_t delay_ns, int number) {
        return pool->after(delay_ns, strand, [this, number] {
            note(number);
            last.set_value();
        });
    }
    std::vector<int> wait() {
        last.get_future().wait();
        const std::lock_guard lock(mutex);
        return ran;
    }

  private:
    void note(int number) {
        const std::lock_guard lock(mutex);
        ran.push_back(number);
    }
};

constexpr std::int64_t hour_ns = 3600 * ns_per_s;

}  // namespace

TEST_CASE("timers run in the order of their times, whatever the order in which they were added") {
    Timers timers;
    CHECK(timers.after(hour_ns, 9) != 0);
    timers.last_after(40 * ns_per_ms, 3);
    timers.after(20 * ns_per_ms, 2);
    timers.after(-1, 1);
    CHECK(timers.wait() == std::vector{1, 2, 3});
}

TEST_CASE("a cancelled timer does not run, and those behind it do") {
    Timers timers;
    const auto earliest = timers.after(20 * ns_per_ms, 1);
    timers.last_after(40 * ns_per_ms, 2);
    CHECK(timers.pool->cancel_timer(earliest));
    CHECK_FALSE(timers.pool->cancel_timer(earliest));
    CHECK(timers.wait() == std::vector{2});
    CHECK_FALSE(timers.pool->cancel_timer(0));
}

TEST_CASE("a timer that is added while an earlier one runs is not lost") {
    Timers timers;
    std::promise<void> inside;
    timers.pool->after(0, timers.strand, [&] {
        timers.last_after(0, 2);
        inside.set_value();
    });
    inside.get_future().wait();
    CHECK(timers.wait() == std::vector{2});
}

TEST_CASE("a timer that ran cannot be cancelled") {
    Timers timers;
    const auto id = timers.last_after(0, 1);
    CHECK(timers.wait() == std::vector{1});
    CHECK_FALSE(timers.pool->cancel_timer(id));
}

TEST_CASE("a delay beyond all times never ends, and a pool ends with its timers") {
    auto held = std::make_shared<int>(0);
    const std::weak_ptr<int> seen = held;
    {
        Timers timers;
        CHECK(timers.pool->after(INT64_MAX, timers.strand, [held] {}) != 0);
        CHECK(timers.pool->after(hour_ns, timers.strand, [held] {}) != 0);
        held.reset();
        CHECK_FALSE(seen.expired());
    }
    CHECK(seen.expired());
}

TEST_CASE("a pool finishes at once where every timer was cancelled") {
    Timers timers;
    CHECK(timers.pool->cancel_timer(timers.after(hour_ns, 1)));
    timers.pool->finish();
    CHECK(timers.ran.empty());
}

TEST_CASE("a pool has as many threads as there is work for at once, up to its bound") {
    constexpr int bound = 3;
    const auto pool = std::move(ThreadPool::create(bound, "test-pool")).value();
    std::vector<std::promise<void>> began(bound), release(bound);
    const auto hold = [&](int number) {
        const auto at = static_cast<std::size_t>(number);
        return [&, at] {
            began[at].set_value();
            release[at].get_future().wait();
        };
    };
    // Two strands and a task without one are held up at the same time; each has to have a thread.
    const auto one = pool->make_strand(), other = pool->make_strand();
    one->post(hold(0));
    other->post(hold(1));
    pool->post(hold(2));
    for (auto& each : began) each.get_future().wait();
    std::promise<void> behind;
    std::atomic<bool> ran = false;
    pool->post([&] {
        ran = true;
        behind.set_value();
    });
    CHECK_FALSE(ran);
    release[0].set_value();
    behind.get_future().wait();
    release[1].set_value();
    release[2].set_value();
    pool->finish();
}
