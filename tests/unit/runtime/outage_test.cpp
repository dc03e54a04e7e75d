#include "host/runtime/outage.hpp"

#include <doctest/doctest.h>

using namespace stipend;
using namespace stipend::runtime;

namespace {

using Step = Outage::Step;

Step review(Outage& outage, const std::vector<Outage::Check>& checks, stipend_unix_ns now) {
    return outage.review(
        [&](const auto& show) {
            for (const auto& check : checks) {
                if (!show(check)) return;
            }
        },
        now);
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
