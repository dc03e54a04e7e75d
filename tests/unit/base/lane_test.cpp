// Lanes of a pool: their width and order, that none of them waits for another, and how they end.
#include "host/base/lane.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <latch>
#include <vector>

#include "host/base/thread_pool.hpp"
#include "stipend/duration.hpp"

using namespace stipend;

namespace {

// Work that is held up until it is released.
struct Held {
    std::promise<void> began, release, ended;

    // The work may outlive nothing of this.
    Task task() {
        return [this] {
            began.set_value();
            release.get_future().wait();
            ended.set_value();
        };
    }
    void wait_for_begin() { began.get_future().wait(); }
};

std::unique_ptr<ThreadPool> small_pool() {
    return std::move(ThreadPool::create(1, "test-pool")).value();
}

constexpr std::int64_t long_ns = 3600 * ns_per_s;

}  // namespace

TEST_CASE("lanes do not wait for one another, nor do timers and strands for lanes, however many are held up") {
    const auto pool = small_pool();
    std::vector<Held> held(8);
    std::vector<std::shared_ptr<Lane>> lanes;
    for (auto& one : held) {
        lanes.push_back(pool->make_lane());
        lanes.back()->post(one.task());
    }
    for (auto& one : held) one.wait_for_begin();
    std::promise<void> timer;
    const auto strand = pool->make_strand();
    CHECK(pool->after(0, strand, [&] { timer.set_value(); }) != 0);
    timer.get_future().wait();
    for (auto& one : held) one.release.set_value();
    for (const auto& lane : lanes) lane->end();
}

TEST_CASE("a lane runs as much at once as it is wide, and no more") {
    const auto pool = small_pool();
    const auto lane = pool->make_lane(2);
    Held first, second;
    std::atomic<bool> third_ran = false;
    std::promise<void> third;
    lane->post(first.task());
    lane->post(second.task());
    lane->post([&] {
        third_ran = true;
        third.set_value();
    });
    first.wait_for_begin();
    second.wait_for_begin();
    // Another lane works meanwhile, so the third could have run by now.
    std::promise<void> other;
    const auto beside = pool->make_lane();
    beside->post([&] { other.set_value(); });
    other.get_future().wait();
    CHECK_FALSE(third_ran);
    first.release.set_value();
    third.get_future().wait();
    second.release.set_value();
    lane->end();
}

TEST_CASE("a lane of a width of 1 keeps the order, and knows its own thread") {
    const auto pool = small_pool();
    const auto lane = pool->make_lane();
    const auto other = pool->make_lane();
    std::vector<int> ran;
    bool inside = false, beside = true;
    std::promise<void> last;
    for (int number = 0; number < 1'000; ++number) lane->post([&ran, number] { ran.push_back(number); });
    lane->post([&] {
        inside = lane->current();
        beside = other->current();
        last.set_value();
    });
    last.get_future().wait();
    CHECK(ran.size() == 1'000);
    CHECK(std::ranges::is_sorted(ran));
    CHECK(inside);
    CHECK_FALSE(beside);
    CHECK_FALSE(lane->current());
}

TEST_CASE("the end of a lane waits for what runs, for as long as it is given, and drops what waits") {
    const auto pool = small_pool();
    const auto lane = pool->make_lane();
    Held held;
    bool dropped_ran = false;
    auto owned = std::make_shared<int>(0);
    const std::weak_ptr<int> seen = owned;
    lane->post(held.task());
    lane->post([&dropped_ran, owned = std::move(owned)] { dropped_ran = true; });
    held.wait_for_begin();
    CHECK_FALSE(lane->end_within(ns_per_ms));
    CHECK(seen.expired());
    lane->post([&] { dropped_ran = true; });
    held.release.set_value();
    lane->end();
    CHECK(held.ended.get_future().wait_for(std::chrono::seconds(0)) == std::future_status::ready);
    CHECK(lane->end_within(0));
    CHECK_FALSE(dropped_ran);
}

TEST_CASE("what recurs on a lane recurs until the lane is closed") {
    const auto pool = small_pool();
    const auto lane = pool->make_lane();
    std::latch three(3);
    std::atomic<int> runs = 0;
    lane->every(ns_per_ms, [&] {
        if (++runs <= 3) three.count_down();
    });
    three.wait();
    lane->end();
    const int at_end = runs;
    // A timer that comes later goes by way of the same pool.
    std::promise<void> later;
    const auto other = pool->make_lane();
    CHECK(other->after(5 * ns_per_ms, [&] { later.set_value(); }) != 0);
    later.get_future().wait();
    CHECK(runs == at_end);
}

TEST_CASE("a timer of a lane is cancelled, and holds nothing up at the end") {
    const auto pool = small_pool();
    const auto lane = pool->make_lane();
    const auto timer = lane->after(long_ns, [] {});
    CHECK(lane->cancel_timer(timer));
    CHECK_FALSE(lane->cancel_timer(timer));
    CHECK(lane->after(long_ns, [] {}) != 0);
    lane->end();
}

TEST_CASE("a pool that ends first has ended the lanes that still had work") {
    std::shared_ptr<Lane> lane;
    Held held;
    {
        const auto pool = small_pool();
        lane = pool->make_lane();
        lane->post(held.task());
        lane->post([] {});
        held.wait_for_begin();
        held.release.set_value();
    }
    lane->end();
}
