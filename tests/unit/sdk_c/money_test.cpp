// Amounts in C against those of the C++ SDK, which computes them by another library.
#include "stipend/money.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <random>

#include "stipend/c/money.h"
#include "stipend/record.hpp"

using namespace stipend;

namespace {

constexpr const char* largest = "115792089237316195423570985008687907853269984665640564039457584007913129639935";

stipend_u256 parsed(const std::string& text) {
    stipend_u256 out;
    REQUIRE(stipend_u256_parse(to_abi(text), &out) == STIPEND_OK);
    return out;
}

std::string text_of(const stipend_u256& value) {
    char out[STIPEND_U256_TEXT];
    const auto length = stipend_u256_text(&value, out);
    return {out, length};
}

// Of any length up to 256 bits, so that small and large ones are alike likely.
stipend_u256 drawn(std::mt19937_64& random) {
    stipend_u256 out{};
    const auto bytes = random() % (sizeof out.be + 1);
    for (std::size_t at = sizeof out.be - bytes; at < sizeof out.be; ++at)
        out.be[at] = static_cast<std::uint8_t>(random());
    return out;
}

std::uint64_t drawn_64(std::mt19937_64& random) {
    return random() >> (random() % 64);
}

bool same(const Result<Wei>& want, stipend_status status, const stipend_u256& got) {
    return want ? status == STIPEND_OK && text_of(got) == want->text() : status == want.error().status;
}

}  // namespace

TEST_CASE("an amount is read and written as decimal digits") {
    CHECK(text_of(parsed("0")) == "0");
    CHECK(text_of(parsed("00012")) == "12");
    CHECK(text_of(parsed(largest)) == largest);
    stipend_u256 out = stipend_u256_of(7);
    CHECK(stipend_u256_parse(to_abi("115792089237316195423570985008687907853269984665640564039457584007913129639936"),
                             &out) == STIPEND_E_LIMIT);
    for (const char* wrong : {"", "-1", "+1", " 1", "1 ", "0x1", "1e3", "1.0"}) {
        CHECK(stipend_u256_parse(to_abi(wrong), &out) == STIPEND_E_INVALID);
    }
    CHECK(text_of(out) == "7");
    CHECK(text_of(stipend_u256_of(std::numeric_limits<std::uint64_t>::max())) == "18446744073709551615");
}

TEST_CASE("sums, differences and products of drawn amounts are those of the C++ SDK") {
    std::mt19937_64 random(19);
    for (int k = 0; k < 20'000; ++k) {
        const auto a = drawn(random), b = drawn(random);
        const auto wide_a = Wei::from_abi(a), wide_b = Wei::from_abi(b);
        CHECK(text_of(a) == wide_a.text());
        CHECK((stipend_u256_compare(&a, &b) < 0) == (wide_a < wide_b));
        stipend_u256 out{};
        auto status = stipend_u256_add(&a, &b, &out);
        CHECK(same(wide_a.plus(wide_b), status, out));
        status = stipend_u256_sub(&a, &b, &out);
        CHECK(same(wide_a.minus(wide_b), status, out));
        const auto factor = drawn_64(random);
        status = stipend_u256_mul(&a, factor, &out);
        const boost::multiprecision::cpp_int product = boost::multiprecision::cpp_int(wide_a.value()) * factor;
        const bool fits = product <= boost::multiprecision::cpp_int(largest);
        CHECK((status == STIPEND_OK) == fits);
        if (fits) CHECK(text_of(out) == product.str());
    }
}

TEST_CASE("a result may replace its operand, and is unchanged by an error") {
    auto value = parsed(largest);
    const auto one = stipend_u256_of(1);
    CHECK(stipend_u256_add(&value, &one, &value) == STIPEND_E_LIMIT);
    CHECK(stipend_u256_mul(&value, 2, &value) == STIPEND_E_LIMIT);
    CHECK(text_of(value) == largest);
    CHECK(stipend_u256_sub(&value, &value, &value) == STIPEND_OK);
    CHECK(stipend_u256_sub(&value, &one, &value) == STIPEND_E_LIMIT);
    CHECK(text_of(value) == "0");
}

TEST_CASE("dollars become the smallest units of an asset as the host computes them") {
    std::mt19937_64 random(256);
    for (int k = 0; k < 20'000; ++k) {
        const auto usd = static_cast<std::int64_t>(drawn_64(random) >> 1);
        const auto rate = static_cast<std::int64_t>((drawn_64(random) >> 1) | 1);
        const auto decimals = static_cast<std::uint32_t>(random() % 37);
        stipend_u256 out{};
        const auto status = stipend_usd_to_units(usd, rate, decimals, &out);
        CHECK(same(usd_to_units(usd, {}, rate, decimals), status, out));
    }
    stipend_u256 out{};
    CHECK(stipend_usd_to_wei(750'000'000, 2000 * e8, &out) == STIPEND_OK);
    CHECK(text_of(out) == "3750000000000000");
    CHECK(stipend_usd_to_wei(-1, 1, &out) == STIPEND_E_INVALID);
    CHECK(stipend_usd_to_wei(1, 0, &out) == STIPEND_E_INVALID);
    CHECK(stipend_usd_to_units(1, 1, 37, &out) == STIPEND_E_INVALID);
}

TEST_CASE("a share of dollars is rounded down, and never wraps around") {
    std::mt19937_64 random(8);
    for (int k = 0; k < 20'000; ++k) {
        const auto usd = static_cast<std::int64_t>(drawn_64(random) >> 1);
        const Fraction factor{drawn_64(random), drawn_64(random) | 1};
        std::int64_t out = -1;
        const auto status = stipend_usd_scale(usd, factor.numerator, factor.denominator, &out);
        const auto want = scale_usd(usd, factor);
        CHECK(status == (want ? STIPEND_OK : want.error().status));
        CHECK(out == (want ? *want : -1));
    }
    std::int64_t out = 0;
    CHECK(stipend_usd_scale(1, 1, 0, &out) == STIPEND_E_INVALID);
    CHECK(stipend_usd_scale(-1, 1, 1, &out) == STIPEND_E_INVALID);
}
