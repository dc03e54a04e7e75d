// The schedule, against a model of it that is looked through from end to end.
#include "host/engine/schedule.hpp"

#include <doctest/doctest.h>

#include <random>
#include <set>

using namespace stipend;
using namespace stipend::engine;

namespace {

// Every entry that is due, in the order in which they come out.
std::vector<Schedule::Entry> take_due(Schedule& schedule, std::int64_t now) {
    std::vector<Schedule::Entry> out;
    while (const auto entry = schedule.pop_due(now)) out.push_back(*entry);
    return out;
}

// The same of the model, which is sorted by time and then by payee.
std::vector<Schedule::Entry> take_due(std::multiset<Schedule::Entry>& model, std::int64_t now) {
    std::vector<Schedule::Entry> out;
    while (!model.empty() && model.begin()->at_ns <= now) {
        out.push_back(*model.begin());
        model.erase(model.begin());
    }
    return out;
}

}  // namespace

TEST_CASE("nothing is due in an empty schedule") {
    Schedule schedule;
    CHECK(schedule.empty());
    CHECK_FALSE(schedule.next_ns());
    CHECK_FALSE(schedule.pop_due(INT64_MAX));
    schedule.move([](const Schedule::Entry& entry) { return entry.at_ns; });
    CHECK(schedule.size() == 0);
}

TEST_CASE("an entry is due at its exact instant, and not a nanosecond before") {
    Schedule schedule;
    schedule.add(1'000, 7);
    CHECK(*schedule.next_ns() == 1'000);
    CHECK_FALSE(schedule.pop_due(999));
    CHECK(schedule.size() == 1);
    const auto entry = schedule.pop_due(1'000);
    REQUIRE(entry);
    CHECK(*entry == Schedule::Entry{1'000, 7});
    CHECK(schedule.empty());
    CHECK_FALSE(schedule.pop_due(1'000));
}

TEST_CASE("equal times come out by payee, whatever the order in which they were added") {
    Schedule schedule;
    for (const registry::PayeeIndex payee : {5U, 1U, 4U, 2U, 3U, 0U}) schedule.add(60, payee);
    schedule.add(59, 9);
    const auto out = take_due(schedule, 60);
    REQUIRE(out.size() == 7);
    CHECK(out.front() == Schedule::Entry{59, 9});
    for (registry::PayeeIndex payee = 0; payee < 6; ++payee) CHECK(out[payee + 1] == Schedule::Entry{60, payee});
}

TEST_CASE("moved entries come out by their new times") {
    Schedule schedule;
    for (registry::PayeeIndex payee = 0; payee < 100; ++payee) schedule.add(payee, payee);
    schedule.move([](const Schedule::Entry& entry) { return 99 - entry.at_ns; });
    CHECK(*schedule.next_ns() == 0);
    const auto out = take_due(schedule, 99);
    REQUIRE(out.size() == 100);
    for (std::size_t at = 0; at < out.size(); ++at) {
        CHECK(out[at] == Schedule::Entry{static_cast<std::int64_t>(at), static_cast<registry::PayeeIndex>(99 - at)});
    }
}

TEST_CASE("what comes out is what a sorted set would give, whatever is done") {
    for (unsigned seed = 1; seed <= 50; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        const auto below = [&](unsigned limit) { return static_cast<unsigned>(random() % limit); };
        Schedule schedule;
        std::multiset<Schedule::Entry> model;
        std::int64_t now = 0;
        std::size_t compared = 0;
        for (int step = 0; step < 2'000; ++step) {
            const auto what = below(100);
            if (what < 70) {
                // Few distinct times and payees, so that many are equal.
                const Schedule::Entry entry{now + std::int64_t{below(50)}, below(20)};
                schedule.add(entry.at_ns, entry.payee);
                model.insert(entry);
            } else if (what < 97) {
                now += below(20);
                const auto got = take_due(schedule, now);
                REQUIRE(got == take_due(model, now));
                compared += got.size();
            } else {
                const auto by = static_cast<std::int64_t>(below(40));
                const auto at_of = [by](const Schedule::Entry& entry) {
                    return entry.at_ns + by * (entry.payee % 3) - by;
                };
                schedule.move(at_of);
                std::multiset<Schedule::Entry> moved;
                for (const auto& entry : model) moved.insert({at_of(entry), entry.payee});
                model = std::move(moved);
            }
            REQUIRE(schedule.size() == model.size());
            REQUIRE(schedule.next_ns() == (model.empty() ? std::nullopt : std::optional(model.begin()->at_ns)));
        }
        CHECK(compared > 500);
    }
}
