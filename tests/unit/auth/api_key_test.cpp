// API keys: form, checksum, scopes, expiry.
#include "host/auth/api_key.hpp"

#include <doctest/doctest.h>

#include "stipend/hex.hpp"

using namespace stipend;
using namespace stipend::auth;

namespace {

constexpr stipend_unix_ns made_at = 1'800'000'000'000'000'000;
// Its checksum by another implementation of CRC-32.
constexpr std::string_view known_key =
    "stp_0123456789abcdef_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff788cbd39";

NewApiKey new_key(std::optional<stipend_unix_ns> expires_at = {}) {
    auto made = make_api_key({.role = AccessRole::operator_,
                              .scopes = *Permissions::parse("orchestrators:read status:read"),
                              .expires_at = expires_at},
                             made_at);
    REQUIRE(made.ok());
    return std::move(*made);
}

ApiKey parsed(std::string_view text) {
    const auto key = parse_api_key(text);
    REQUIRE(key.has_value());
    return *key;
}

}  // namespace

TEST_CASE("a known key is read as its id and its SHA-256") {
    const auto key = parsed(known_key);
    CHECK(key.id == "0123456789abcdef");
    CHECK(hex_encode(key.hash) == "b6ebabe89beaee547dd6f5799692e57352ae0e0e1a35761a8e5d599cfd8b880f");
}

TEST_CASE("a new key matches its record, and its text is not in it") {
    const auto made = new_key();
    CHECK(made.text.view().size() == known_key.size());
    const auto key = parsed(made.text.view());
    CHECK(key.id == made.record.id);
    CHECK(key.hash == made.record.hash);
    CHECK(check_api_key(key, made.record, made_at) == ApiKeyFault::none);
    CHECK(made.record.role == AccessRole::operator_);
    CHECK(made.record.scopes.text() == "orchestrators:read status:read");
    CHECK(made.record.created_at == made_at);
    CHECK(new_key().text.view() != made.text.view());
}

TEST_CASE("a key with one changed character is not a key") {
    for (std::size_t at = 0; at < known_key.size(); ++at) {
        std::string text(known_key);
        text[at] = text[at] == '0' ? '1' : '0';
        CHECK_MESSAGE(!parse_api_key(text), at);
    }
}

TEST_CASE("text of another form is not a key") {
    std::string upper(known_key);
    upper[10] = '6';
    upper[14] = 'A';
    const std::string refused[] = {"",
                                   "stp_",
                                   std::string(known_key) + "0",
                                   std::string(known_key.substr(0, 92)),
                                   " " + std::string(known_key.substr(1)),
                                   upper,
                                   std::string(93, '\0')};
    for (const auto& text : refused) CHECK_MESSAGE(!parse_api_key(text), text);
    // With right checksums: another separator, prefix, and upper case.
    for (const auto* text :
         {"stp_0123456789abcdef-00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff53901136",
          "stq_0123456789abcdef_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff7ef369c7",
          "stp_0123456789abcdeF_00112233445566778899aabbccddeeff00112233445566778899aabbccddeefff3f535d5",
          "stp_0123456789abcdef_00112233445566778899Aabbccddeeff00112233445566778899Aabbccddeeff25ed7946"}) {
        CHECK_MESSAGE(!parse_api_key(text), text);
    }
}

TEST_CASE("another key of the same id does not match") {
    auto made = new_key();
    const auto key = parsed(made.text.view());
    auto other = made.record;
    other.hash[31] ^= 1;
    CHECK(check_api_key(key, other, made_at) == ApiKeyFault::wrong);
    other = made.record;
    other.id = "0123456789abcdef";
    CHECK(check_api_key(key, other, made_at) == ApiKeyFault::wrong);
    // A wrong key does not show whether the key has expired or was revoked.
    other = made.record;
    other.hash[0] ^= 1;
    other.expires_at = made_at;
    other.revoked_at = made_at;
    CHECK(check_api_key(key, other, made_at + 1) == ApiKeyFault::wrong);
}

TEST_CASE("a key ends at its expiry or when it is revoked") {
    auto made = new_key(made_at + 10);
    const auto key = parsed(made.text.view());
    CHECK(check_api_key(key, made.record, made_at + 9) == ApiKeyFault::none);
    CHECK(check_api_key(key, made.record, made_at + 10) == ApiKeyFault::expired);
    made.record.revoked_at = made_at + 1;
    CHECK(check_api_key(key, made.record, made_at + 2) == ApiKeyFault::revoked);
}

TEST_CASE("a key is made only with scopes that its access role has, and with a future") {
    const auto refused = [](AccessRole role, std::string_view scopes, std::optional<stipend_unix_ns> expires_at) {
        const auto made =
            make_api_key({.role = role, .scopes = *Permissions::parse(scopes), .expires_at = expires_at}, made_at);
        return !made.ok() && made.error().status == STIPEND_E_INVALID;
    };
    CHECK(refused(AccessRole::viewer, "", {}));
    CHECK(refused(AccessRole::viewer, "status:read payments:process", {}));
    CHECK(refused(AccessRole::viewer, "status:read", made_at));
    CHECK(!refused(AccessRole::viewer, "status:read", made_at + 1));
}
