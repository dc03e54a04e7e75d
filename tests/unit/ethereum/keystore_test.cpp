#include "ethereum/keystore.hpp"

#include <doctest/doctest.h>

#include <string>

#include "stipend/json_parse.hpp"
#include "tests/unit/ethereum/hex_bytes.hpp"

using namespace stipend;
using namespace stipend::ethereum;
using namespace stipend::ethereum::testing;

namespace {

// The two test vectors of the Web3 Secret Storage definition, with the passphrase "testpassword".
constexpr std::string_view published_pbkdf2 =
    R"({"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"6087dab2f9fdbbfaddc31a909735c1e6"},)"
    R"("ciphertext":"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46","kdf":"pbkdf2",)"
    R"("kdfparams":{"c":262144,"dklen":32,"prf":"hmac-sha256",)"
    R"("salt":"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},)"
    R"("mac":"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},)"
    R"("id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3})";
constexpr std::string_view published_scrypt =
    R"({"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"83dbcc02d8ccb40e466191a123791e0e"},)"
    R"("ciphertext":"d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c","kdf":"scrypt",)"
    R"("kdfparams":{"dklen":32,"n":262144,"p":8,"r":1,)"
    R"("salt":"ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19"},)"
    R"("mac":"2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097"},)"
    R"("id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3})";
constexpr std::string_view passphrase = "testpassword";
constexpr std::string_view published_key = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";

constexpr ScryptCost cheap = {.n = 2, .r = 1, .p = 1};

std::string cheap_keystore() {
    return *make_keystore(key_of_hex(payer_key), passphrase, cheap);
}

// The keystore with a part of its text replaced.
std::string with(std::string text, std::string_view old, std::string_view changed) {
    const auto at = text.find(old);
    REQUIRE(at != std::string::npos);
    return text.replace(at, old.size(), changed);
}

std::string keystore_refusal(const std::string& text) {
    const auto key = open_keystore(text, passphrase);
    return key ? "" : key.error().message;
}

}  // namespace

TEST_CASE("the published keystores hold the published key") {
    for (const auto text : {published_pbkdf2, published_scrypt}) {
        const auto key = open_keystore(text, passphrase);
        REQUIRE_MESSAGE(key.ok(), key.error().message);
        CHECK(hex_encode(key->secret()) == published_key);
    }
}

TEST_CASE("a keystore that is made opens again, with its own passphrase only") {
    const auto text = cheap_keystore();
    CHECK(open_keystore(text, passphrase)->address().text() == payer_address);
    for (const std::string_view wrong : {"", "testpassworD", "testpassword\n", "testpassword "}) {
        const auto key = open_keystore(text, wrong);
        REQUIRE(!key.ok());
        CHECK(key.error().message ==
              "keystore: the passphrase is not the one that it was made with, or the file is damaged");
        CHECK(key.error().permanent);
    }
    CHECK(cheap_keystore() != text);
    const auto json = parse_json(text);
    CHECK(json->find("id")->text().size() == 36);
    CHECK(json->find("address")->text() == "2c7536e3605d9c16a7a3d7b1898e529396a65c23");
}

TEST_CASE("a damaged keystore opens no key") {
    const auto text = cheap_keystore();
    const auto json = parse_json(text);
    const auto& mac = json->find("crypto")->find("mac")->text();
    const auto& ciphertext = json->find("crypto")->find("ciphertext")->text();
    const auto flipped = [](std::string hex) {
        hex.back() = hex.back() == '0' ? '1' : '0';
        return hex;
    };
    CHECK(!keystore_refusal(with(text, mac, flipped(mac))).empty());
    CHECK(!keystore_refusal(with(text, ciphertext, flipped(ciphertext))).empty());
    CHECK(keystore_refusal(with(text, R"("address":"2c)", R"("address":"2d)")).starts_with("keystore: address: "));
}

TEST_CASE("work beyond the bounds is refused before it is done") {
    const auto text = cheap_keystore();
    CHECK(keystore_refusal(with(text, R"("n":2)", R"("n":2097152)")) == "keystore: n: got 2097152, want 1 to 1048576");
    CHECK(keystore_refusal(with(text, R"("n":2)", R"("n":3)")) == "keystore: n: got 3, want a power of two");
    CHECK(keystore_refusal(with(text, R"("n":2)", R"("n":1)")) == "keystore: n: got 1, want a power of two");
    CHECK(keystore_refusal(with(text, R"("r":1)", R"("r":0)")) == "keystore: r: got 0, want 1 to 32");
    CHECK(keystore_refusal(with(text, R"("p":1)", R"("p":17)")) == "keystore: p: got 17, want 1 to 16");
    CHECK(keystore_refusal(with(with(text, R"("n":2)", R"("n":1048576)"), R"("r":1)", R"("r":8)")) ==
          "keystore: n, r, p: got 1048576, 8, 1, want at most 512 MiB and 2^23 steps");
    CHECK(keystore_refusal(with(text, R"("n":2)", R"("n":2.0)")) == "keystore: n: got 2.0, want 1 to 1048576");
    CHECK(keystore_refusal(with(std::string(published_pbkdf2), "262144", "10000001")) ==
          "keystore: c: got 10000001, want 1 to 10000000");
    CHECK(keystore_refusal(std::string(max_keystore_bytes + 1, ' ')).starts_with("JSON too large"));
}

TEST_CASE("another format is refused by the member that differs") {
    const auto text = cheap_keystore();
    CHECK(keystore_refusal(with(text, R"("version":3)", R"("version":4)")) == "keystore: version: got 4, want 3");
    CHECK(keystore_refusal(with(text, "aes-128-ctr", "aes-128-cbc")) ==
          R"(keystore: cipher: got "aes-128-cbc", want "aes-128-ctr")");
    CHECK(keystore_refusal(with(text, R"("scrypt")", R"("argon2")")) ==
          R"(keystore: kdf: got "argon2", want "scrypt" or "pbkdf2")");
    CHECK(keystore_refusal(with(text, R"("dklen":32)", R"("dklen":16)")) == "keystore: dklen: got 16, want 32");
    CHECK(keystore_refusal(with(text, R"("crypto")", R"("other")")) == "keystore: crypto: got nothing, want an object");
    CHECK(keystore_refusal("{}") == "keystore: version: got nothing, want a number");
    CHECK(keystore_refusal(with(std::string(published_pbkdf2), "hmac-sha256", "hmac-sha512")) ==
          R"(keystore: prf: got "hmac-sha512", want "hmac-sha256")");
}
