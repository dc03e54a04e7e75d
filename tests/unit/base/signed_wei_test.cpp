#include "host/base/signed_wei.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace stipend;

namespace {

using Wide = boost::multiprecision::cpp_int;

SignedWei any_amount() {
    SignedWei::Bytes bytes{};
    // Half of the amounts are small, so that sums near zero and carries between limbs both happen.
    const bool small = *rc::gen::arbitrary<bool>();
    const bool minus = *rc::gen::arbitrary<bool>();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = small && i < 24 ? static_cast<std::uint8_t>(minus ? 0xff : 0) : *rc::gen::arbitrary<std::uint8_t>();
    }
    return SignedWei::from_bytes(bytes);
}

Wide wide(const SignedWei& amount) {
    return Wide(amount.text());
}

const Wide limit = Wide(1) << 255;

bool in_range(const Wide& value) {
    return value >= -limit && value < limit;
}

}  // namespace

TEST_CASE("signed wei add, subtract and negate as unbounded integers do, or say that they cannot") {
    CHECK(rc::check([] {
        const SignedWei a = any_amount();
        const SignedWei b = any_amount();
        const auto sum = a.plus(b);
        RC_ASSERT(sum.ok() == in_range(wide(a) + wide(b)));
        if (sum) RC_ASSERT(wide(*sum) == wide(a) + wide(b));
        const auto difference = a.minus(b);
        RC_ASSERT(difference.ok() == in_range(wide(a) - wide(b)));
        if (difference) RC_ASSERT(wide(*difference) == wide(a) - wide(b));
        RC_ASSERT((a < b) == (wide(a) < wide(b)));
    }));
}

TEST_CASE("signed wei come back from their bytes and from their text") {
    CHECK(rc::check([] {
        const SignedWei a = any_amount();
        RC_ASSERT(SignedWei::from_bytes(a.to_bytes()) == a);
        RC_ASSERT(*SignedWei::parse(a.text()) == a);
    }));
}

TEST_CASE("signed wei are two's complement, big-endian") {
    const auto minus_two = SignedWei::parse("-2").value().to_bytes();
    CHECK(minus_two[31] == 0xfe);
    CHECK(minus_two[0] == 0xff);
    CHECK(SignedWei::parse("258").value().to_bytes()[30] == 1);
}

TEST_CASE("signed wei refuse what 255 bits cannot hold") {
    const auto most = *Wei::parse("57896044618658097711785492504343953926634992332820282019728792003956564819968");
    CHECK(SignedWei::of(most).error().status == STIPEND_E_LIMIT);
    CHECK(*SignedWei::of(*most.minus(Wei(1))) == SignedWei::highest());
    CHECK(*SignedWei::parse("-" + most.text()) == SignedWei::lowest());
    CHECK(!SignedWei::parse("-" + most.plus(Wei(1))->text()).ok());
    CHECK(!SignedWei::lowest().negated().ok());
    CHECK(!SignedWei::highest().plus(*SignedWei::parse("1")).ok());
    CHECK(*SignedWei::lowest().minus(SignedWei::lowest()) == SignedWei());
    CHECK(!SignedWei::parse("--1").ok());
    CHECK(SignedWei::parse("-0").value().zero());
}

TEST_CASE("a sum that leaves the range is found where it replaces one of its terms") {
    SignedWei sum = SignedWei::highest();
    CHECK(!SignedWei::add(sum, SignedWei::highest(), sum));
    sum = SignedWei::lowest();
    CHECK(!SignedWei::add(SignedWei::lowest(), sum, sum));
    sum = SignedWei::highest();
    CHECK(SignedWei::add(sum, SignedWei::lowest(), sum));
    CHECK(sum == *SignedWei::parse("-1"));
}

TEST_CASE("wei are shown as ether without loss") {
    CHECK(eth_text(SignedWei()) == "0 ETH");
    CHECK(eth_text(*SignedWei::parse("1")) == "0.000000000000000001 ETH");
    CHECK(eth_text(*SignedWei::parse("-10000000000000000")) == "-0.01 ETH");
    CHECK(eth_text(*SignedWei::parse("1234500000000000000000")) == "1234.5 ETH");
    CHECK(wei_of(Eth::of_gwei(0)).zero());
    CHECK(wei_of(Eth::of_gwei(500)).text() == "500000000000");
    CHECK(Eth::of_gwei(10'000'000).text() == "0.01 ETH");
}
