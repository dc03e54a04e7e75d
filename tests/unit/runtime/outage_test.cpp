#include "host/runtime/outage.hpp"

#include <doctest/doctest.h>

using namespace stipend;
using namespace stipend::runtime;

namespace {

using Step = Outage::Step;

Outage::Turn turn(Outage& outage, const std::vector<Outage::Check>& checks, stipend_unix_ns now) {
    return outage.review(
        [&](const auto& show) {
            for (const auto& check : checks) {
                if (!show(check)) return;
            }
        },
        now);
}

Step review(Outage& outage, const std::vector<Outage::Check>& checks, stipend_unix_ns now) {
    return turn(outage, checks, now).failed;
}

Outage::Check down(stipend_unix_ns since) {
    return {STIPEND_DOWN, since, 60};
}
const Outage::Check up{STIPEND_UP, 1, 60};
constexpr stipend_unix_ns whole = 1'000'000;

}  // namespace

TEST_CASE("all checks that turn to failed within one interval are one outage") {
    Outage outage;
    CHECK(review(outage, {}, 100) == Step::none);
    CHECK(review(outage, {down(100), up}, 110) == Step::none);
    CHECK(review(outage, {down(100), down(160)}, 160) == Step::began);
    CHECK(outage.began() == 100);
    CHECK(outage.checks() == 2);
    CHECK(review(outage, {down(100), down(160)}, 170) == Step::none);
    CHECK(review(outage, {up, down(160)}, 200) == Step::ended);
    CHECK(review(outage, {up, down(160)}, 210) == Step::none);
    CHECK(outage.blind(0, whole).empty());
}

TEST_CASE("checks that failed one after the other are none") {
    Outage outage;
    CHECK(review(outage, {down(100), down(161)}, 170) == Step::none);
    CHECK(review(outage, {down(100), {STIPEND_DEGRADED, 120, 60}}, 170) == Step::began);
}

TEST_CASE("a check that was never looked at, or only unknown ones, are none") {
    Outage outage;
    CHECK(review(outage, {down(100), {STIPEND_UNKNOWN, 0, 60}}, 170) == Step::none);
    CHECK(review(outage, {{STIPEND_UNKNOWN, 100, 60}, {STIPEND_UNKNOWN, 120, 60}}, 170) == Step::none);
    CHECK(review(outage, {down(100), {STIPEND_UNKNOWN, 120, 60}}, 170) == Step::began);
}

TEST_CASE("checks that turn to unknown within one interval are unseen, until one looks again") {
    Outage outage;
    const auto unknown = [](stipend_unix_ns since) { return Outage::Check{STIPEND_UNKNOWN, since, 60}; };
    CHECK(turn(outage, {}, 90).unseen == Step::none);
    CHECK(turn(outage, {unknown(0), unknown(100)}, 100).unseen == Step::none);
    CHECK(turn(outage, {unknown(100), unknown(161)}, 161).unseen == Step::none);
    CHECK(turn(outage, {unknown(100), up}, 161).unseen == Step::none);
    CHECK(turn(outage, {unknown(100), unknown(160)}, 160).unseen == Step::began);
    CHECK(outage.is_unseen());
    CHECK((outage.began() == 100 && outage.checks() == 2));
    CHECK(turn(outage, {unknown(100), unknown(160)}, 170).unseen == Step::none);
    SUBCASE("one is up") {
        CHECK(turn(outage, {unknown(100), up}, 180).unseen == Step::ended);
    }
    SUBCASE("one is down: that is the other alert") {
        const auto now = turn(outage, {unknown(130), down(180)}, 180);
        CHECK((now.unseen == Step::ended && now.failed == Step::began));
    }
    SUBCASE("none is left") {
        CHECK(turn(outage, {}, 180).unseen == Step::ended);
    }
    CHECK_FALSE(outage.is_unseen());
}

TEST_CASE("checks that failed before they could not look stay one outage") {
    Outage outage;
    CHECK(turn(outage, {down(100), down(120)}, 120).failed == Step::began);
    const auto now = turn(outage, {{STIPEND_UNKNOWN, 140, 60}, {STIPEND_UNKNOWN, 150, 60}}, 150);
    CHECK((now.failed == Step::none && now.unseen == Step::none));
}

TEST_CASE("time is blind only where no witness answers, from the first failure until one does") {
    Outage outage;
    CHECK(review(outage, {down(100), down(120)}, 120) == Step::began);
    CHECK(outage.blind(0, whole).empty());
    outage.witnessed(false, 120);
    CHECK(outage.blind(0, whole) == std::vector<Window>{{100, whole}});
    CHECK(outage.blind(110, 115) == std::vector<Window>{{110, 115}});
    CHECK(!outage.wants_look(179));
    CHECK(outage.wants_look(180));
    CHECK(outage.next_look() == 180);
    outage.witnessed(false, 180);
    CHECK(!outage.wants_look(200));
    outage.witnessed(true, 240);
    CHECK(outage.blind(0, whole) == std::vector<Window>{{100, 240}});
    CHECK(!outage.wants_look(1000));
    CHECK(outage.open());  // the checks are down all the same
    CHECK(review(outage, {up, up}, 300) == Step::ended);
    CHECK(outage.blind(0, whole) == std::vector<Window>{{100, 240}});
}

TEST_CASE("a witness that answers leaves the time as it was seen") {
    Outage outage;
    CHECK(review(outage, {down(100)}, 100) == Step::began);
    outage.witnessed(true, 100);
    CHECK(outage.blind(0, whole).empty());
    CHECK(!outage.wants_look(whole));
}

TEST_CASE("a check that is up again ends blind time, and a late witness begins none") {
    Outage outage;
    CHECK(review(outage, {down(100)}, 100) == Step::began);
    outage.witnessed(false, 100);
    CHECK(review(outage, {up}, 150) == Step::ended);
    CHECK(outage.blind(0, whole) == std::vector<Window>{{100, 150}});
    outage.witnessed(false, 160);
    CHECK(outage.blind(0, whole) == std::vector<Window>{{100, 150}});
}
