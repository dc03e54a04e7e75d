#include "host/uptime/history.hpp"

#include <doctest/doctest.h>

#include <random>

using stipend::uptime::History;
using stipend::uptime::Share;
using stipend::uptime::Span;

TEST_CASE("spans that touch and agree become one") {
    History history;
    history.add({10, 20, true});
    history.add({20, 30, true});
    history.add({30, 40, false});
    CHECK(history.spans() == std::vector<Span>{{10, 30, true}, {30, 40, false}});
}

TEST_CASE("what was seen stays as it was seen: a later word fills only the holes") {
    History history;
    history.add({10, 20, true});
    history.add({30, 40, false});
    history.add({0, 50, true});
    CHECK(history.spans() == std::vector<Span>{{0, 30, true}, {30, 40, false}, {40, 50, true}});
}

TEST_CASE("a hole between two spans that agree closes to one span") {
    History history;
    history.add({10, 20, false});
    history.add({30, 40, false});
    history.add({20, 30, false});
    CHECK(history.spans() == std::vector<Span>{{10, 40, false}});
}

TEST_CASE("empty and reversed spans change nothing") {
    History history;
    history.add({10, 10, true});
    history.add({20, 10, true});
    CHECK(history.spans().empty());
    CHECK_FALSE(history.changed());
}

TEST_CASE("a window is measured to the nanosecond at both ends") {
    History history;
    history.add({10, 20, true});
    history.add({20, 25, false});
    const Share inside = history.measure(15, 23);
    CHECK(inside.up_ns == 5);
    CHECK(inside.seen_ns == 8);
    const Share around = history.measure(0, 100);
    CHECK(around.up_ns == 10);
    CHECK(around.seen_ns == 15);
    CHECK(history.measure(25, 30).seen_ns == 0);
    CHECK(history.measure(0, 10).seen_ns == 0);
}

TEST_CASE("a forgotten span is not measured") {
    History history;
    history.add({10, 20, true});
    history.add({20, 30, false});
    history.forget_before(20);
    CHECK(history.measure(0, 40).seen_ns == 10);
    CHECK(history.measure(0, 40).up_ns == 0);
}

TEST_CASE("the past is forgotten by whole spans") {
    History history;
    history.add({10, 20, true});
    history.add({20, 30, false});
    history.forget_before(20);
    CHECK(history.spans() == std::vector<Span>{{20, 30, false}});
}

TEST_CASE("beyond the bound the oldest spans go") {
    History history;
    for (std::int64_t at = 0; at < static_cast<std::int64_t>(History::max_spans) + 10; ++at)
        history.add({at, at + 1, at % 2 == 0});
    CHECK(history.spans().size() == History::max_spans);
    CHECK(history.spans().front().from == 10);
}

TEST_CASE("a changed span is reported once, as it came to be") {
    History history;
    history.add({10, 20, true});
    history.add({20, 30, true});
    CHECK(history.take_changed() == std::vector<Span>{{10, 30, true}});
    CHECK(history.take_changed().empty());
    history.add({30, 40, false});
    CHECK(history.take_changed() == std::vector<Span>{{30, 40, false}});
}

TEST_CASE("the span before an instant is found") {
    History history;
    history.add({10, 20, true});
    CHECK(history.span_before(20) == Span{10, 20, true});
    CHECK(history.span_before(15) == Span{10, 20, true});
    CHECK_FALSE(history.span_before(10));
    CHECK_FALSE(history.span_before(21));
}

// The same rule instant by instant: the first observation of an instant remains.
TEST_CASE("any order of spans comes to what an array of instants comes to") {
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        History history;
        std::vector<int> instants(64, -1);
        for (int i = 0; i < 20; ++i) {
            const auto from = static_cast<std::int64_t>(random() % 64);
            const auto to = from + static_cast<std::int64_t>(random() % 16);
            const bool up = random() % 2 == 0;
            history.add({from, std::min<std::int64_t>(to, 64), up});
            for (auto at = from; at < std::min<std::int64_t>(to, 64); ++at) {
                auto& instant = instants[static_cast<std::size_t>(at)];
                if (instant < 0) instant = up ? 1 : 0;
            }
        }
        for (std::int64_t from = 0; from < 64; from += 7) {
            Share want;
            for (auto at = from; at < 50; ++at) {
                const auto instant = instants[static_cast<std::size_t>(at)];
                want.seen_ns += instant >= 0 ? 1 : 0;
                want.up_ns += instant == 1 ? 1 : 0;
            }
            const auto got = history.measure(from, 50);
            CHECK(got.up_ns == want.up_ns);
            CHECK(got.seen_ns == want.seen_ns);
        }
        History restored;
        for (const auto& span : history.take_changed()) restored.add(span);
        CHECK(restored.spans() == history.spans());
    }
}
