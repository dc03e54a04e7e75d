#include "host/api/event_feed.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "host/base/thread_pool.hpp"

using namespace stipend;
using namespace stipend::api;

namespace {

constexpr auto patience = std::chrono::seconds(20);

class TestClock final : public Clock {
  public:
    [[nodiscard]] stipend_unix_ns now() const override { return at; }
    [[nodiscard]] stipend_mono_ns monotonic() const override { return at; }
    std::atomic<std::int64_t> at = 1'000'000'000;
};

// Rows with an event each, of orchestrators a and b in turn; each fifth has a second event, each seventh none.
class Rows final : public EventSource {
  public:
    Result<Part> read(std::int64_t after, std::size_t limit) override {
        const std::lock_guard lock(mutex);
        Part out{.events = {}, .last = after, .lost = after + 1 < first};
        for (auto row = std::max(after + 1, first); row <= last && limit > 0; ++row, --limit) {
            add(row, out.events);
            out.last = row;
        }
        ++reads;
        return out;
    }
    Result<std::int64_t> end() override {
        const std::lock_guard lock(mutex);
        return last;
    }
    static void add(std::int64_t row, std::vector<Event>& out) {
        if (row % 7 == 0) return;
        const std::string who = row % 2 == 0 ? "a" : "b";
        out.push_back({{row, 0}, who, "payment", cat("{\"row\":", row, "}")});
        if (row % 5 == 0) out.push_back({{row, 1}, who, "state", cat("{\"row\":", row, "}")});
    }
    // The ids of all events of the rows from `from` to `to`, of the orchestrator or of all.
    static std::string ids(std::int64_t from, std::int64_t to, std::string_view orchestrator = "") {
        std::vector<Event> events;
        for (auto row = from; row <= to; ++row) add(row, events);
        std::string out;
        for (const auto& event : events) {
            if (orchestrator.empty() || event.orchestrator == orchestrator) out += event_id(event.place) + " ";
        }
        return out;
    }
    void grow(EventFeed& feed, std::int64_t count) {
        {
            const std::lock_guard lock(mutex);
            last += count;
        }
        feed.notify();
    }

    std::mutex mutex;
    std::int64_t first = 1, last = 10;
    std::size_t reads = 0;
};

class Reading {
  public:
    explicit Reading(Result<std::shared_ptr<http::BodyStream>> opened) {
        REQUIRE(opened.ok());
        stream_ = std::move(*opened);
        stream_->begin([this] {
            const std::lock_guard lock(mutex_);
            ++wakes_;
            woken_.notify_one();
        });
    }
    ~Reading() { stream_->end(); }
    // Takes what is there until `enough` of all text, or the end.
    template <class Enough>
    bool until(Enough enough) {
        const auto end = std::chrono::steady_clock::now() + patience;
        for (;;) {
            int before = 0;
            {
                const std::lock_guard lock(mutex_);
                before = wakes_;
            }
            for (auto piece = stream_->next(); !piece.text.empty() || piece.over; piece = stream_->next()) {
                text += piece.text;
                largest = std::max(largest, piece.text.size());
                over = piece.over;
                if (over) break;
            }
            if (enough(text)) return true;
            if (over) return false;
            std::unique_lock lock(mutex_);
            if (!woken_.wait_until(lock, end, [&] { return wakes_ != before; })) return false;
        }
    }
    bool until_id(const EventPlace& place) {
        return until(
            [&](const std::string& all) { return all.find("id: " + event_id(place) + "\nevent") != all.npos; });
    }
    // The ids of the events, in order.
    [[nodiscard]] std::string ids() const {
        std::string out;
        for (auto at = text.find("id: "); at != std::string::npos; at = text.find("id: ", at + 1)) {
            const auto end = text.find('\n', at);
            if (text.compare(end + 1, 6, "event:") == 0) out += text.substr(at + 4, end - at - 4) + " ";
        }
        return out;
    }
    std::string text;
    std::size_t largest = 0;
    bool over = false;

  private:
    std::shared_ptr<http::BodyStream> stream_;
    std::mutex mutex_;
    std::condition_variable woken_;
    int wakes_ = 0;
};

struct Scene {
    explicit Scene(EventFeedOptions options = {}) {
        auto made = EventFeed::create(rows, clock, pool->make_lane(), std::move(options));
        REQUIRE(made.ok());
        feed = std::move(*made);
    }
    Rows rows;
    TestClock clock;
    std::unique_ptr<ThreadPool> pool = std::move(ThreadPool::create(1, "test-pool")).value();
    std::unique_ptr<EventFeed> feed;
};

}  // namespace

TEST_CASE("an event's id is read back, and nothing else is") {
    const EventPlace place{17, 1};
    CHECK(*parse_event_id(event_id(place)) == place);
    for (const auto* text : {"", "e", "17", "e17", "e17.", "e.1", "e17.1x", "e017.1", "e-1.0", "e1.-1", "e1.1.1",
                             "e99999999999999999999.0"})
        CHECK(!parse_event_id(text));
}

TEST_CASE("a reader gets what comes from now on, and first an id to come again with") {
    Scene scene;
    Reading reading(scene.feed->open({}));
    scene.rows.grow(*scene.feed, 20);
    REQUIRE(reading.until_id({30, 1}));
    CHECK(reading.ids() == Rows::ids(11, 30));
    CHECK(reading.text.starts_with("id: e10."));
    CHECK(reading.text.find("event: payment\ndata: {\"row\":11}\n\n") != std::string::npos);
    CHECK(reading.text.find("event: gap") == std::string::npos);
}

TEST_CASE("behind an id the next events follow, between two of one row as well") {
    Scene scene;
    scene.rows.grow(*scene.feed, 990);
    for (const EventPlace after : {EventPlace{0, 0}, EventPlace{3, 0}, EventPlace{7, 0}, EventPlace{999, 0}}) {
        Reading reading(scene.feed->open({.after = after}));
        REQUIRE(reading.until_id({1000, 1}));
        CHECK(reading.ids() == Rows::ids(after.row + 1, 1000));
    }
    Reading between(scene.feed->open({.after = EventPlace{995, 0}}));
    REQUIRE(between.until_id({1000, 1}));
    CHECK(between.ids() == "e995.1 " + Rows::ids(996, 1000));
    scene.rows.grow(*scene.feed, 5);
    REQUIRE(between.until_id({1005, 1}));
    CHECK(between.ids() == "e995.1 " + Rows::ids(996, 1005));
}

TEST_CASE("a filter passes what is about one orchestrator") {
    Scene scene;
    Reading reading(scene.feed->open({.after = EventPlace{0, 0}, .orchestrator = "a"}));
    scene.rows.grow(*scene.feed, 990);
    REQUIRE(reading.until_id({1000, 1}));
    CHECK(reading.ids() == Rows::ids(1, 1000, "a"));
}

TEST_CASE("a slow reader gets a gap and then all that it missed, in bounded pieces") {
    Scene scene({.shared_bytes = 2'000, .piece_bytes = 500, .rows_at_once = 20});
    Reading slow(scene.feed->open({}));
    scene.rows.grow(*scene.feed, 1);
    REQUIRE(slow.until_id({11, 0}));
    Reading fast(scene.feed->open({.after = EventPlace{11, 0}}));
    scene.rows.grow(*scene.feed, 1989);
    REQUIRE(fast.until_id({2000, 1}));  // what is shared has moved on
    REQUIRE(slow.until_id({2000, 1}));
    CHECK(slow.ids() == Rows::ids(11, 2000));
    CHECK(slow.text.find("event: gap\ndata: {\"after\":\"e11.0\",\"reason\":\"slow\"}\n\n") != std::string::npos);
    CHECK(slow.largest < 700);
    scene.rows.grow(*scene.feed, 1);
    REQUIRE(slow.until_id({2001, 0}));
    CHECK(slow.ids() == Rows::ids(11, 2001));
}

TEST_CASE("what is archived is a gap, and the first that is left follows") {
    Scene scene;
    {
        const std::lock_guard lock(scene.rows.mutex);
        scene.rows.first = 6;
    }
    Reading reading(scene.feed->open({.after = EventPlace{2, 0}}));
    REQUIRE(reading.until_id({10, 1}));
    CHECK(reading.text.find("event: gap\ndata: {\"after\":\"e2.0\",\"reason\":\"archived\"}\n\n") != std::string::npos);
    CHECK(reading.ids() == Rows::ids(6, 10));
}

TEST_CASE("an id beyond the end is of another ledger: a gap, and what comes from now on") {
    Scene scene;
    Reading reading(scene.feed->open({.after = EventPlace{12, 0}}));
    scene.rows.grow(*scene.feed, 3);
    REQUIRE(reading.until_id({13, 0}));
    CHECK(reading.text.find("\"reason\":\"restored\"") != std::string::npos);
    CHECK(reading.ids() == Rows::ids(11, 13));
}

TEST_CASE("there are so many readers, and an ended one makes way") {
    Scene scene({.max_readers = 2});
    Reading first(scene.feed->open({}));
    {
        const Reading second(scene.feed->open({}));
        const auto third = scene.feed->open({});
        REQUIRE(!third.ok());
        CHECK(third.error().status == STIPEND_E_BUSY);
    }
    // The feed's thread may hold the ended one for a moment.
    bool opened = false;
    for (int tries = 0; tries < 2000 && !opened; ++tries) {
        opened = scene.feed->open({}).ok();
        if (!opened) std::this_thread::yield();
    }
    CHECK(opened);
}

TEST_CASE("a silent stream gets a comment, as long as its reader may read") {
    Scene scene;
    std::atomic<bool> may_read = true;
    Reading reading(scene.feed->open({.may_read = [&] { return may_read.load(); }}));
    REQUIRE(reading.until([](const std::string& text) { return text.starts_with("id: "); }));
    scene.clock.at += 15'000'000'000;
    REQUIRE(reading.until([](const std::string& text) { return text.ends_with("\n\n:\n\n"); }));
    may_read = false;
    scene.clock.at += 15'000'000'000;
    CHECK(!reading.until([](const std::string&) { return false; }));
    CHECK(reading.over);
}

TEST_CASE("a stream that is never silent ends as well once its reader may no longer read") {
    Scene scene;
    std::atomic<bool> may_read = true;
    Reading reading(scene.feed->open({.may_read = [&] { return may_read.load(); }}));
    bool ended = false;
    for (int step = 0; step < 12 && !ended; ++step) {
        scene.clock.at += 5'000'000'000;
        if (step == 3) may_read = false;
        // An event of each step, so that there is something to send long before a heartbeat is due.
        scene.rows.grow(*scene.feed, 7);
        ended = !reading.until_id({17 + 7 * step, 0});
    }
    // The feed may look at its readers only after the last step.
    CHECK(!reading.until([](const std::string&) { return false; }));
    CHECK(reading.over);
    CHECK(reading.text.find("\n\n:\n\n") == std::string::npos);
}

TEST_CASE("the end of the feed ends its readers") {
    Scene scene;
    Reading reading(scene.feed->open({}));
    scene.feed.reset();
    CHECK(!reading.until([](const std::string&) { return false; }));
    CHECK(reading.over);
}
