#include <doctest/doctest.h>

#include <array>

#include "stipend/ascii.hpp"
#include "stipend/hex.hpp"
#include "stipend/json_parse.hpp"

using namespace stipend;

TEST_CASE("case folding concerns ASCII letters only") {
    CHECK(ascii::to_lower("X-Orchestrator-URL \xC3\x84") == "x-orchestrator-url \xC3\x84");
    CHECK(ascii::equal_ignoring_case("Content-Type", "content-TYPE"));
    CHECK_FALSE(ascii::equal_ignoring_case("content", "content-type"));
    CHECK_FALSE(ascii::equal_ignoring_case("[", "{"));  // they differ by the bit that case differs by
}

TEST_CASE("hex text is lower case, and read in either case") {
    const std::array<std::uint8_t, 3> bytes{0x00, 0x9f, 0xff};
    CHECK(hex_encode(bytes) == "009fff");
    CHECK(hex_decode("009FfF") == std::vector<std::uint8_t>{0x00, 0x9f, 0xff});
    CHECK(hex_decode("") == std::vector<std::uint8_t>());
}

TEST_CASE("what is not hex text decodes to nothing and changes nothing") {
    std::array<std::uint8_t, 2> out{1, 2};
    for (const auto* text : {"0", "00f", "0g00", "00 0", "00", "000000", "0x00"}) {
        CAPTURE(text);
        CHECK_FALSE(hex_decode(text, out));
    }
    CHECK(out == std::array<std::uint8_t, 2>{1, 2});
    CHECK_FALSE(hex_decode("abc").has_value());
}

TEST_CASE("texts, numbers and booleans convert to JSON of their kind") {
    Json tree = Json::object();
    tree.set("text", "a\"b").set("number", std::uint64_t{18446744073709551615U}).set("yes", true).set("none", Json());
    CHECK(tree.dump() == R"({"text":"a\"b","number":18446744073709551615,"yes":true,"none":null})");
}
