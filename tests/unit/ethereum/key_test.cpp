#include "ethereum/key.hpp"

#include <doctest/doctest.h>

#include <type_traits>

#include "tests/unit/ethereum/hex_bytes.hpp"

using namespace stipend;
using namespace stipend::ethereum;
using namespace stipend::ethereum::testing;

TEST_CASE("the hash is Ethereum's Keccak-256, and not SHA3-256") {
    CHECK(hex_encode(keccak256("")) == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    CHECK(hex_encode(keccak256("testing")) == "5f16f4c7f149ac4f9510d9cf8cf384038ad348b3bcdc01915f95de12df9d1b02");
    CHECK(keccak256(ByteView(bytes_of_hex("616263"))) == keccak256("abc"));
}

TEST_CASE("a key has the address that web3.js publishes for it") {
    CHECK(key_of_hex(payer_key).address().text() == payer_address);
}

TEST_CASE("signatures are deterministic, of the low s, and name their signer") {
    const auto key = key_of_hex(payer_key);
    // web3.js's documentation: personal_sign of "Some data".
    const auto digest = personal_digest("Some data");
    CHECK(key.sign(digest).text() ==
          "0xb91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd6007e74cd82e037b800186422fc2da167c747ef045"
          "e5d1"
          "8a5f5d4300f8e1a0291c");
    for (std::uint8_t round = 0; round < 64; ++round) {
        Hash256 hash{};
        hash.fill(round);
        const auto signature = key.sign(hash);
        CHECK(is_low_s(signature));
        CHECK(recover(hash, signature) == key.address());
        auto mirrored = signature;
        mirrored.odd = !mirrored.odd;
        CHECK(recover(hash, mirrored) != key.address());
    }
}

TEST_CASE("a low s is at most half of the curve's order") {
    Signature signature;
    const auto half = bytes_of_hex("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");
    std::copy(half.begin(), half.end(), signature.s.begin());
    CHECK(is_low_s(signature));
    ++signature.s.back();
    CHECK_FALSE(is_low_s(signature));
}

TEST_CASE("r and s out of range recover nothing") {
    const auto good = key_of_hex(payer_key).sign(keccak256("x"));
    for (auto part : {&Signature::r, &Signature::s}) {
        for (const std::uint8_t fill : {std::uint8_t{0x00}, std::uint8_t{0xff}}) {
            auto bad = good;
            (bad.*part).fill(fill);
            CHECK_FALSE(recover(keccak256("x"), bad));
        }
    }
}

TEST_CASE("zero and the curve's order are no keys") {
    for (const auto* text : {"0000000000000000000000000000000000000000000000000000000000000000",
                             "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"}) {
        const auto bytes = bytes_of_hex(text);
        const auto key = PrivateKey::from_bytes(std::span(bytes).first<32>());
        REQUIRE(!key.ok());
        CHECK(key.error().message == "not a key: want a number from 1 to below the curve's order");
    }
}

TEST_CASE("a key is moved and never copied, and its memory is locked") {
    static_assert(!std::is_copy_constructible_v<PrivateKey> && !std::is_copy_assignable_v<PrivateKey>);
    auto key = PrivateKey::generate();
    REQUIRE(key.ok());
    CHECK(key->locked());
    const auto address = key->address();
    const PrivateKey moved = std::move(*key);
    CHECK(moved.address() == address);
    CHECK(recover(keccak256("x"), moved.sign(keccak256("x"))) == address);
    CHECK(PrivateKey::generate()->address() != address);
}
