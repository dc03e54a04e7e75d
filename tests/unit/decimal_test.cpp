#include "stipend/decimal.hpp"

#include <doctest/doctest.h>

using namespace stipend;

TEST_CASE("a decimal keeps every digit") {
    CHECK(Decimal::parse("94.99900")->text() == "94.999");
    CHECK(Decimal::parse("-0.0")->text() == "0");
    CHECK(Decimal::parse("1e-3")->text() == "0.001");
    CHECK(Decimal::parse("120e1")->text() == "1200");
    CHECK(*Decimal::parse("1.23456789")->exact_scaled(8) == 123456789);
    CHECK(!Decimal::parse("1.234567891")->exact_scaled(8).ok());
    CHECK(*Decimal::parse("1.234567899")->magnitude_scaled(8) == 123456789);
    CHECK(*Decimal::parse("-2.5")->exact_scaled(1) == -25);
}

TEST_CASE("only JSON's numbers are decimals") {
    for (const auto* text :
         {"", "-", "+1", ".5", "1.", "01", "1e", "1e+", "0x10", "inf", "NaN", "1 ", "1e10001", "--1"}) {
        CAPTURE(text);
        CHECK(!Decimal::parse(text).ok());
    }
}

TEST_CASE("comparing with a whole number is exact at any precision") {
    CHECK(Decimal::parse("100.00000000000000000000000000000000001")->compare(100) > 0);
    CHECK(Decimal::parse("99.99999999999999999999999999999999999")->compare(100) < 0);
    CHECK(Decimal::parse("1e2")->compare(100) == 0);
    CHECK(Decimal::parse("1e300")->compare(100) > 0);
    CHECK(Decimal::parse("-0.0001")->compare(0) < 0);
    CHECK(Decimal::parse("-5.5")->compare(-5) < 0);
    CHECK(Decimal::parse("0")->compare(-1) > 0);
    CHECK(Decimal::parse("-9223372036854775808")->compare(INT64_MIN) == 0);
    CHECK(Decimal::parse("-9223372036854775808.1")->compare(INT64_MIN) < 0);
    CHECK(Decimal::parse("-9223372036854775807.9")->compare(INT64_MIN) > 0);
    CHECK(Decimal::parse("9223372036854775808")->compare(INT64_MAX) > 0);
    CHECK(Decimal::parse("-9999999999999999999")->compare(INT64_MIN) < 0);
}

TEST_CASE("what does not fit is refused, not wrapped") {
    CHECK(*Decimal::parse("9223372036854775807")->exact_scaled(0) == INT64_MAX);
    CHECK(!Decimal::parse("9223372036854775808")->exact_scaled(0).ok());
    CHECK(!Decimal::parse("1e300")->magnitude_scaled(8).ok());
    CHECK(*Decimal::parse("1e-300")->magnitude_scaled(8) == 0);
}

TEST_CASE("scaled integers are written in their shortest exact spelling") {
    CHECK(scaled_text(120'000'000, 8) == "1.2");
    CHECK(scaled_text(1'200'000'000, 8) == "12");
    CHECK(scaled_text(1, 8) == "0.00000001");
    CHECK(scaled_text(-50, 2) == "-0.5");
    CHECK(scaled_text(INT64_MIN, 0) == "-9223372036854775808");
}

TEST_CASE("two numbers compare exactly, however they are written") {
    const auto order = [](const char* a, const char* b) { return Decimal::parse(a)->compare(*Decimal::parse(b)); };
    CHECK(order("1.50", "15e-1") == 0);
    CHECK(order("0", "-0.0") == 0);
    CHECK(order("0.1", "0.10000000000000000001") < 0);
    CHECK(order("12", "123") < 0);
    CHECK(order("9", "10") < 0);
    CHECK(order("1e9000", "9e8999") > 0);
    CHECK(order("-2", "-3") > 0);
    CHECK(order("-1", "0") < 0);
    CHECK(order("0.5", "-7") > 0);
}
