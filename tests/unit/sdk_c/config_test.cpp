// The reader of configurations in C; numbers against those of the C++ SDK.
#include "stipend/c/config.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "stipend/config.hpp"
#include "stipend/json_parse.hpp"
#include "stipend/record.hpp"

using namespace stipend;

namespace {

struct Read {
    explicit Read(std::string from) : text(std::move(from)) {
        status = stipend_config_read(to_abi(text), &config, &error);
    }
    std::string text;  // which `config` borrows
    stipend_config config;
    stipend_error error = empty_error();
    stipend_status status;
};

// "STATUS PATH: MESSAGE" of an error.
std::string shown(stipend_status status, const stipend_error& error) {
    return cat(status, " ", error.path, ": ", error.message);
}

bool is_object(const std::string& text) {
    const auto json = parse_json(text);
    return json.ok() && json->is(Json::Kind::object);
}

std::string nested(int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
}

}  // namespace

TEST_CASE("texts that are no object of JSON are refused with the byte") {
    const char* const wrong[] = {
        "[]",           "{",          "{\"a\"}",     "{\"a\":}",        "{\"a\":1,}",        "{\"a\":01}",
        "{\"a\":1.}",   "{\"a\":.5}", "{\"a\":+1}",  "{\"a\":1e}",      "{\"a\":tru}",       "{\"a\":\"\n\"}",
        "{\"a\":\"",    "{a:1}",      "{\"a\":1}x",  "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\ud800\"}",
        "{\"a\":[1,]}", "{\"a\":{]}", "{\"a\":NaN}", "{\"a\":{\"b\"}}", "{\"a\":1 \"b\":2}", "{\"a\":-}"};
    for (const char* text : wrong) {
        CAPTURE(text);
        CHECK_FALSE(is_object(text));
        const Read read(text);
        CHECK(read.status == STIPEND_E_CONFIG);
        CHECK(std::string(read.error.message).find("configuration: not JSON at byte ") == 0);
        CHECK((read.error.flags & STIPEND_ERROR_PERMANENT) != 0);
        CHECK(read.config.count == 0);
    }
    CHECK(shown(Read("{\"a\":1,\"a\":2}").status, Read("{\"a\":1,\"a\":2}").error) ==
          "-2 : configuration: not JSON at byte 11: a key is there twice");
}

TEST_CASE("an empty text, and objects with spaces and values of every kind, are read") {
    CHECK(Read("").status == STIPEND_OK);
    const Read read(
        " { \"a\" : 1 ,\n\"b\":[{\"c\":[]},\"]\"], \"d\":{\"e\":{}}, \"f\":null, \"g\":true,\"h\":\"x\" } ");
    REQUIRE(read.status == STIPEND_OK);
    CHECK(read.config.count == 6);
    CHECK(stipend_config_has(&read.config, "a"));
    CHECK_FALSE(stipend_config_has(&read.config, "f"));
    CHECK_FALSE(stipend_config_has(&read.config, "c"));
    CHECK(Read("{\"a\":" + nested(STIPEND_JSON_DEPTH) + "}").status == STIPEND_OK);
    CHECK(Read("{\"a\":" + nested(STIPEND_JSON_DEPTH + 1) + "}").status == STIPEND_E_CONFIG);
    CHECK(Read("{\"a\":" + nested(100'000) + "}").status == STIPEND_E_CONFIG);
}

TEST_CASE("as many members are read as there are places, and one more is refused") {
    std::string text = "{\"k0\":0";
    for (int k = 1; k < STIPEND_CONFIG_MEMBERS; ++k) text += cat(",\"k", k, "\":", k);
    CHECK(Read(text + "}").status == STIPEND_OK);
    const Read more(text + ",\"k\":1}");
    CHECK(more.status == STIPEND_E_CONFIG);
    CHECK(std::string(more.error.message).find("more than 64 members") != std::string::npos);
}

TEST_CASE("an error has the key's pointer, what is there, and what is wanted") {
    Read read(R"({"pay":"much","at":101,"fine":0.12345,"list":[],"on":1,"name":"caf\u00e9\n","nul":"a\u0000"})");
    REQUIRE(read.status == STIPEND_OK);
    auto& e = read.error;
    std::int64_t number = -5;
    std::uint32_t ppm = 7;
    bool truth = true;
    char name[8] = "before";
    const auto& config = read.config;
    CHECK(shown(stipend_config_scaled(&config, "pay", 8, 0, 1000 * e8, &number, &e), e) ==
          "-2 /pay: got \"much\", want a number in 0 .. 1000 with at most 8 decimals");
    CHECK(shown(stipend_config_percent(&config, "at", &ppm, &e), e) ==
          "-2 /at: got 101, want a number in 0 .. 100 with at most 4 decimals");
    CHECK(shown(stipend_config_percent(&config, "fine", &ppm, &e), e) ==
          "-2 /fine: got 0.12345, want a number in 0 .. 100 with at most 4 decimals");
    CHECK(shown(stipend_config_integer(&config, "list", -3, 3, &number, &e), e) ==
          "-2 /list: got an array, want a whole number in -3 .. 3");
    CHECK(shown(stipend_config_integer(&config, "gone", -3, 3, &number, &e), e) ==
          "-2 /gone: missing, want a whole number in -3 .. 3");
    CHECK(shown(stipend_config_boolean(&config, "on", &truth, &e), e) == "-2 /on: got 1, want true or false");
    CHECK(shown(stipend_config_string(&config, "at", name, sizeof name, &e), e) == "-2 /at: got 101, want a string");
    CHECK(shown(stipend_config_string(&config, "name", name, 6, &e), e) ==
          "-2 /name: got \"caf\\u00e9\\n\", want a string of at most 5 bytes, without NUL");
    CHECK(shown(stipend_config_string(&config, "nul", name, sizeof name, &e), e) ==
          "-2 /nul: got \"a\\u0000\", want a string of at most 7 bytes, without NUL");
    CHECK((number == -5 && ppm == 7 && truth && std::string(name) == "before"));
    CHECK(stipend_config_string(&config, "name", name, 7, &e) == STIPEND_OK);
    CHECK(std::string(name) == "caf\xC3\xA9\n");
    CHECK(stipend_config_percent(&config, "at", &ppm, nullptr) == STIPEND_E_CONFIG);
}

TEST_CASE("escapes are resolved as the C++ SDK resolves them") {
    const std::string text = R"({"a":"\"\\\/\b\f\n\r\t\u0041\u00fc\u20ac\ud83d\ude00z"})";
    Read read(text);
    REQUIRE(read.status == STIPEND_OK);
    char out[64];
    CHECK(stipend_config_string(&read.config, "a", out, sizeof out, &read.error) == STIPEND_OK);
    CHECK(std::string(out) == parse_json(text)->find("a")->text());
}

TEST_CASE("numbers are those of the C++ SDK, digit for digit") {
    std::mt19937_64 random(3);
    const auto digits = [&](std::size_t most) {
        std::string out(1 + random() % most, '0');
        // Zeros are frequent, since they are what goes wrong.
        for (auto& c : out) c = random() % 3 == 0 ? '0' : static_cast<char>('0' + random() % 10);
        return out;
    };
    int good = 0;
    for (int k = 0; k < 50'000; ++k) {
        std::string text = random() % 4 == 0 ? "-" : "";
        const auto whole = digits(21);
        text += whole.find_first_not_of('0') == std::string::npos ? "0" : whole.substr(whole.find_first_not_of('0'));
        if (random() % 2 == 0) text += "." + digits(12);
        if (random() % 3 == 0) text += cat("e", random() % 2 == 0 ? "-" : "+", random() % 25);
        const auto places = static_cast<std::uint32_t>(random() % 19);
        CAPTURE(text);
        CAPTURE(places);
        const auto number = Decimal::parse(text);
        REQUIRE(number.ok());
        const auto want = number->exact_scaled(static_cast<int>(places));
        std::int64_t got = 0;
        const bool is = stipend_json_decimal(to_abi(text), places, &got);
        CHECK(is == want.ok());
        if (is && want) CHECK(got == *want);
        good += is ? 1 : 0;
    }
    CHECK(good > 5'000);
    std::int64_t got = 0;
    CHECK_FALSE(stipend_json_decimal(to_abi("1e999999999999999999999999"), 0, &got));
    CHECK(stipend_json_decimal(to_abi("0e-999999999999999999999999"), 0, &got));
    for (const auto value : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, 750'000'000L, -5L, 1'000L,
                             std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
        for (const std::uint32_t places : {0U, 1U, 4U, 8U, 18U}) {
            CHECK(std::string(stipend_scaled(value, places).text) == scaled_text(value, static_cast<int>(places)));
        }
    }
}

TEST_CASE("no drawn text reads beyond its end, and what C++ refuses as JSON is refused") {
    std::mt19937_64 random(5);
    const std::string letters = "{}[]\",:\\u0eE1+-. \ntrfalsn";
    for (int k = 0; k < 50'000; ++k) {
        std::string text = R"({"a":[1,{"b":"\u00e9"}],"c":-1.5e3,"d":true})";
        for (auto changes = random() % 4; changes > 0; --changes) {
            text[random() % text.size()] = letters[random() % letters.size()];
        }
        text.resize(random() % 3 == 0 ? random() % text.size() : text.size());
        // In memory of its exact size, so that the address sanitizer sees an access behind it.
        const std::vector<char> exact(text.begin(), text.end());
        stipend_config config;
        const auto status = stipend_config_read({exact.data(), exact.size()}, &config, nullptr);
        CAPTURE(text);
        if (status == STIPEND_OK && !text.empty()) CHECK(is_object(text));
    }
}
