#include <doctest/doctest.h>

#include "stipend/money.hpp"

using namespace stipend;

namespace {

constexpr Usd highest = Usd::highest();
constexpr Usd lowest = Usd::of_e8(std::numeric_limits<std::int64_t>::min());

}  // namespace

TEST_CASE("dollars are read and written exactly") {
    CHECK(Usd::parse("12.5")->count_e8() == 1'250'000'000);
    CHECK(Usd::parse("-0.00000001")->count_e8() == -1);
    CHECK(Usd::of_e8(1'250'000'000).text() == "12.5");
    CHECK_FALSE(Usd::parse("0.000000001").ok());
    CHECK_FALSE(Usd::parse("ten").ok());
}

TEST_CASE("sums and products of dollars are exact or refused") {
    CHECK(Usd::of_e8(3).plus(Usd::of_e8(-5))->count_e8() == -2);
    CHECK(Usd::of_e8(3).minus(Usd::of_e8(5))->count_e8() == -2);
    CHECK(Usd::of_e8(-3).times(7)->count_e8() == -21);
    CHECK(highest.plus(Usd::of_e8(1)).error().status == STIPEND_E_LIMIT);
    CHECK(lowest.minus(Usd::of_e8(1)).error().status == STIPEND_E_LIMIT);
    CHECK(lowest.times(-1).error().status == STIPEND_E_LIMIT);
    CHECK(highest.times(2).error().status == STIPEND_E_LIMIT);
}

TEST_CASE("bounds on dollars stop at the highest amount") {
    CHECK(highest.plus_saturating(Usd::of_e8(1)) == highest);
    CHECK(Usd::of_e8(2).plus_saturating(Usd::of_e8(1)).count_e8() == 3);
    CHECK(highest.times_saturating(2) == highest);
    CHECK(Usd::of_e8(2).times_saturating(3).count_e8() == 6);
}
