#include "ethereum/rlp.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/ethereum/hex_bytes.hpp"

using namespace stipend;
using namespace stipend::ethereum;
using stipend::ethereum::testing::bytes_of_hex;

namespace {

Bytes bytes_of_text(std::string_view text) {
    return {text.begin(), text.end()};
}

std::string encoded(ByteView text) {
    Bytes out;
    append_rlp(out, text);
    return hex_encode(out);
}

std::string encoded_number(std::uint64_t number) {
    Bytes out;
    append_rlp(out, number);
    Bytes wide;
    append_rlp(wide, Uint256(number));
    CHECK(out == wide);
    return hex_encode(out);
}

}  // namespace

TEST_CASE("texts, numbers and lists are written as Ethereum's specification shows") {
    CHECK(encoded(bytes_of_text("dog")) == "83646f67");
    CHECK(encoded({}) == "80");
    CHECK(encoded(bytes_of_hex("00")) == "00");
    CHECK(encoded(bytes_of_hex("0f")) == "0f");
    CHECK(encoded(bytes_of_hex("80")) == "8180");
    CHECK(encoded_number(0) == "80");
    CHECK(encoded_number(15) == "0f");
    CHECK(encoded_number(1024) == "820400");
    CHECK(encoded_number(UINT64_MAX) == "88ffffffffffffffff");
    CHECK(encoded(bytes_of_text("Lorem ipsum dolor sit amet, consectetur adipisicing elit")) ==
          "b8384c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e7365637465747572206164697069736963696e6720"
          "656c6974");
    CHECK(hex_encode(rlp_list(bytes_of_hex("8363617483646f67"))) == "c88363617483646f67");
    CHECK(hex_encode(rlp_list({})) == "c0");
    CHECK(hex_encode(rlp_list(bytes_of_hex("c0"), bytes_of_hex("02"))) == "02c1c0");
}

TEST_CASE("what is written is read as the same") {
    for (const std::size_t size : {0U, 1U, 2U, 55U, 56U, 255U, 256U, 65'536U}) {
        const Bytes text(size, 0xab);
        Bytes out;
        append_rlp(out, ByteView(text));
        const auto item = parse_rlp(out);
        REQUIRE(item.ok());
        CHECK(Bytes(item->text.begin(), item->text.end()) == text);
    }
    // The set-theoretical representation of three, from the specification.
    const auto three = parse_rlp(bytes_of_hex("c7c0c1c0c3c0c1c0"));
    REQUIRE(three.ok());
    REQUIRE(three->items.size() == 3);
    CHECK(three->items[2].items.size() == 2);
}

TEST_CASE("a second form of a value is refused") {
    for (const auto* text : {
             "",                    // nothing
             "8100",                // a single byte with a length
             "817f",                //
             "b80161",              // a short length in the long form
             "b837",                // and cut off
             "b90000",              // a length with a leading zero
             "b9003861",            //
             "83646f",              // cut off
             "c883636174",          // a list cut off
             "c183646f67",          // an item beyond its list
             "83646f6700",          // bytes behind the item
             "bfffffffffffffffff",  // a length beyond all limits
             "ffffffffffffffffff",
             "f801c0",
         }) {
        const auto item = parse_rlp(bytes_of_hex(text));
        REQUIRE_MESSAGE(!item.ok(), text);
        CHECK(item.error().message.starts_with("not RLP at byte "));
    }
}

TEST_CASE("size, depth and count of items are bounded") {
    CHECK(parse_rlp(bytes_of_hex("c3c2c1c0")).ok());
    CHECK(parse_rlp(bytes_of_hex("c4c3c2c1c0")).error().message == "RLP nested deeper than 4");
    const auto many = rlp_list(Bytes(256, 1));
    CHECK(parse_rlp(many).error().message == "RLP of more than 256 items");
    CHECK(parse_rlp(many, {.items = 257}).ok());
    CHECK(parse_rlp(many, {.bytes = 100}).error().message == "RLP too large: got 259 bytes, want at most 100");
}

TEST_CASE("a number has no leading zero, is no list, and fits") {
    const auto number = [](const char* text) { return rlp_u64(*parse_rlp(bytes_of_hex(text))); };
    CHECK(*number("80") == 0);
    CHECK(*number("88ffffffffffffffff") == UINT64_MAX);
    CHECK(number("00").error().message == "got a number with a leading zero");
    CHECK(number("820001").error().message == "got a number with a leading zero");
    CHECK(number("89010000000000000000").error().message == "got a number of 9 bytes, want at most 8");
    CHECK(number("c0").error().message == "got a list, want a number");
    const auto bytes = bytes_of_hex("a0" + std::string(64, 'f'));
    const auto largest = parse_rlp(bytes);
    REQUIRE(largest.ok());
    CHECK(rlp_u256(*largest)->text() ==
          "115792089237316195423570985008687907853269984665640564039457584007913129639935");
}
