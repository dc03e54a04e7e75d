#include "stipend/money.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>

using namespace stipend;

TEST_CASE("dollars become wei by the published examples") {
    CHECK(usd_to_wei(12 * e8, {}, 1800'50000000)->text() == "6664815329075256");
    CHECK(usd_to_wei(10 * e8, {}, 3000 * e8)->text() == "3333333333333333");
    CHECK(usd_to_wei(100, {}, 2000 * e8)->text() == "500000000");
    CHECK(usd_to_wei(1234567'89000000, {}, 2000 * e8)->text() == "617283945000000000000");
    CHECK(usd_to_wei(25 * e8, {7, 10}, 3000 * e8)->text() == "5833333333333333");
}

TEST_CASE("nothing is rounded twice") {
    // 10/3 x 3 rounded in between would lose a wei.
    CHECK(usd_to_wei(10 * e8, {3, 3}, 3000 * e8)->text() == "3333333333333333");
    CHECK(usd_to_wei(1, {1, 3}, 3 * e8)->text() == "1111111111");
}

TEST_CASE("an amount is the same whether or not its product fits in 128 bits") {
    CHECK(usd_to_wei(INT64_MAX, {UINT64_MAX, UINT64_MAX}, e8)->text() == usd_to_wei(INT64_MAX, {}, e8)->text());
    // The two products on either side of the limit.
    CHECK(usd_to_wei(20, {17'014'118'346'046'923'173U, 1}, 1)->text() == "340282366920938463460000000000000000000");
    CHECK(usd_to_wei(20, {17'014'118'346'046'923'174U, 1}, 1)->text() == "340282366920938463480000000000000000000");
}

TEST_CASE("a u256 is big-endian over all of its bytes") {
    const auto raw =
        Wei::parse("452312848583266388373324160190187140051835877600158453279131187530910662656")->to_abi();
    CHECK(raw.be[0] == 1);  // 256^31
    CHECK(std::count(std::begin(raw.be), std::end(raw.be), 0) == 31);
    const auto mixed = Wei::parse("340282366920938463463374607431768211457")->to_abi();  // 2^128 + 1
    CHECK(mixed.be[15] == 1);
    CHECK(mixed.be[31] == 1);
    CHECK(std::count(std::begin(mixed.be), std::end(mixed.be), 0) == 30);
}

TEST_CASE("pay that cannot be is refused") {
    CHECK(!usd_to_wei(-1, {}, e8).ok());
    CHECK(!usd_to_wei(1, {}, 0).ok());
    CHECK(!usd_to_wei(1, {}, -e8).ok());
    CHECK(!scale_usd(INT64_MAX, {2, 1}).ok());
    CHECK(*scale_usd(INT64_MAX, {1, 2}) == INT64_MAX / 2);
}

TEST_CASE("wei keep 256 bits and refuse to wrap") {
    const auto most = Wei::parse("115792089237316195423570985008687907853269984665640564039457584007913129639935");
    REQUIRE(most.ok());
    CHECK(Wei::from_abi(most->to_abi()) == *most);
    CHECK(Wei::from_abi(Wei(258).to_abi()) == Wei(258));
    CHECK(Wei(258).to_abi().be[31] == 2);
    CHECK(Wei(258).to_abi().be[30] == 1);
    CHECK(!most->plus(Wei(1)).ok());
    CHECK(!Wei(1).minus(Wei(2)).ok());
    CHECK(!Wei::parse("115792089237316195423570985008687907853269984665640564039457584007913129639936").ok());
    for (const auto* text : {"", "-1", "1.0", "0x1", "1e3", " 1"}) CHECK(!Wei::parse(text).ok());
}

TEST_CASE("a percentage is checked before it is rounded down") {
    CHECK(*percent_to_ppm("94.999") == 949990);
    CHECK(*percent_to_ppm("95.00009") == 950000);
    CHECK(*percent_to_ppm("100") == 1000000);
    CHECK(*percent_to_ppm("1e2") == 1000000);
    CHECK(*percent_to_ppm("-0") == 0);
    CHECK(*percent_to_ppm("0.00001") == 0);
    for (const auto* text : {"100.0000000000001", "-0.0000000000001", "150", "-5", "NaN", "", "1e999"}) {
        CAPTURE(text);
        CHECK(!percent_to_ppm(text).ok());
    }
}
