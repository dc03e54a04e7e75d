#include "stipend/json.hpp"

#include <doctest/doctest.h>

using namespace stipend;

TEST_CASE("numbers keep the text they were written in") {
    const auto json = parse_json(R"({"uptime":94.999,"big":123456789012345678901234567890.5,"e":1e3})");
    REQUIRE(json.ok());
    CHECK(json->find("uptime")->text() == "94.999");
    CHECK(json->dump() == R"({"uptime":94.999,"big":123456789012345678901234567890.5,"e":1e3})");
}

TEST_CASE("strings survive a round trip") {
    const auto json = parse_json(R"(["a\"b\\c\n\u0001\u00e9\ud83d\ude00"])");
    REQUIRE(json.ok());
    CHECK(json->items().at(0).text() == "a\"b\\c\n\x01\xc3\xa9\xf0\x9f\x98\x80");
    CHECK(*parse_json(json->dump()) == *json);
}

TEST_CASE("characters that a string cannot hold as they are get escaped at every position") {
    const auto quoted = [](std::string_view text) {
        std::string out;
        Json::quote(out, text);
        return out;
    };
    CHECK(quoted("") == R"("")");
    CHECK(quoted("plain, \xc3\xa9\x7f\xff") == "\"plain, \xc3\xa9\x7f\xff\"");
    CHECK(quoted("\"a\"\"b\"") == R"("\"a\"\"b\"")");
    CHECK(quoted("\\\n\r\t") == R"("\\\n\r\t")");
    CHECK(quoted(std::string("x\0y\x1f", 4)) == R"("x\u0000y\u001f")");
}

TEST_CASE("a duplicate key is found in objects of every size") {
    for (const int members : {1, 2, 15, 16, 17, 18, 40, 1000}) {
        std::string text;
        for (int i = 0; i < members; ++i) text += cat("\"k", i, "\":{\"k0\":0},");
        const auto alone = cat("{", text, "\"last\":1}");
        REQUIRE(parse_json(alone).ok());
        CHECK(parse_json(alone)->dump() == alone);
        for (const int again : {0, members / 2, members - 1}) {
            const auto why = cat("duplicate key \"k", again, "\"");
            CAPTURE(members);
            CAPTURE(why);
            CHECK(parse_json(cat("{", text, "\"k", again, "\":1}")).error().message.ends_with(why));
        }
    }
}

TEST_CASE("what is refused says where and why") {
    CHECK(parse_json(R"({"a":1,"a":2})").error().message == "not JSON at byte 9: duplicate key \"a\"");
    CHECK(parse_json(R"({"a":{"b":1,"b":2}})").error().message == "not JSON at byte 14: duplicate key \"b\"");
    CHECK(parse_json("{} x").error().message == "not JSON at byte 3: extra data");
    for (const auto* text : {"", "{", "NaN", "[1,]", "'a'", "\"\xff\"", "[01]", "{\"a\" 1}", "nul"}) {
        CAPTURE(text);
        CHECK(!parse_json(text).ok());
    }
}

TEST_CASE("size, depth, number of values and length of numbers are bounded") {
    CHECK(!parse_json("[1,2,3]", {.bytes = 6}).ok());
    CHECK(parse_json("[1,2,3]", {.bytes = 7}).ok());
    CHECK(!parse_json("[[[1]]]", {.depth = 2}).ok());
    CHECK(parse_json("[[[1]]]", {.depth = 3}).ok());
    CHECK(!parse_json("[1,2,3]", {.nodes = 3}).ok());
    CHECK(parse_json("[1,2,3]", {.nodes = 4}).ok());
    CHECK(!parse_json(std::string(Decimal::max_text + 1, '1')).ok());
    CHECK(!parse_json(std::string(100'000, '[')).ok());
}

TEST_CASE("a string is quoted alike, wherever the character is that needs an escape") {
    const auto one_by_one = [](std::string_view text) {
        std::string out = "\"";
        for (const char c : text) {
            const auto code = static_cast<unsigned char>(c);
            if (c == '"' || c == '\\') {
                out += {'\\', c};
            } else if (c == '\n' || c == '\r' || c == '\t') {
                out += {'\\', c == '\n' ? 'n' : c == '\r' ? 'r' : 't'};
            } else if (code < 0x20) {
                out += {'\\', 'u', '0', '0', code < 0x10 ? '0' : '1', "0123456789abcdef"[code % 16]};
            } else {
                out += c;
            }
        }
        return out + "\"";
    };
    const auto quoted = [](std::string_view text) {
        std::string out;
        stipend::Json::quote(out, text);
        return out;
    };
    for (std::size_t length = 0; length <= 26; ++length) {
        for (std::size_t at = 0; at < length; ++at) {
            for (int code = 0; code < 256; ++code) {
                for (const char rest : {'a', '\x7F', '\xFF', '!', '#', '[', ']', '"'}) {
                    std::string text(length, rest);
                    text[at] = static_cast<char>(code);
                    if (quoted(text) != one_by_one(text)) {
                        CAPTURE(text);
                        CHECK(quoted(text) == one_by_one(text));
                    }
                }
            }
        }
        CHECK(quoted(std::string(length, 'a')) == one_by_one(std::string(length, 'a')));
    }
}
