// The shared parts of host/auth.
#include "host/auth/crypto.hpp"
#include "host/base/sha256.hpp"

#include <doctest/doctest.h>

#include "stipend/hex.hpp"

using namespace stipend;
using namespace stipend::auth;

TEST_CASE("SHA-256 gives the digest of FIPS 180-4") {
    CHECK(hex_encode(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(hex_encode(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("base64url reads and writes the vectors of RFC 4648 without padding") {
    const std::pair<std::string_view, std::string_view> vectors[] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xfe", "-__-"}};
    for (const auto& [bytes, text] : vectors) {
        CHECK(base64url_encode(bytes) == text);
        CHECK(base64url_decode(text) == bytes);
    }
}

TEST_CASE("base64url refuses a second text of a value") {
    for (const auto* text : {"Zg==", "Zh", "Zm9", "Z", "Zm9vY", "A", "Zm9vA", "Zm 9v", "Zm9v\n", "+/==", "Zm8="}) {
        CHECK_MESSAGE(!base64url_decode(text), text);
    }
}

TEST_CASE("texts of different length or content are not equal") {
    CHECK(equal_in_constant_time(std::string_view("abc"), "abc"));
    CHECK(equal_in_constant_time(std::string_view(), ""));
    CHECK(!equal_in_constant_time(std::string_view("abc"), "abd"));
    CHECK(!equal_in_constant_time(std::string_view("abc"), "Abc"));
    CHECK(!equal_in_constant_time(std::string_view("abc"), "ab"));
    CHECK(!equal_in_constant_time(std::string_view("ab"), "abc"));
    CHECK(!equal_in_constant_time(std::string_view(""), "a"));
}

TEST_CASE("random texts differ") {
    const auto a = random_hex(32);
    const auto b = random_hex(32);
    REQUIRE(a.ok());
    REQUIRE(b.ok());
    CHECK(a->size() == 64);
    CHECK(*a != *b);
}

TEST_CASE("wiping leaves nothing of a text") {
    std::string text = "a secret of some length that is on the heap";
    const std::span<char> memory(text);
    wipe(memory);
    CHECK(text.find_first_not_of('\0') == std::string::npos);
    Secret secret("key");
    Secret moved = std::move(secret);
    CHECK(moved.view() == "key");
    CHECK(secret.view().empty());  // NOLINT(bugprone-use-after-move): nothing is left behind
}
