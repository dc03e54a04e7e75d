// Addresses and signatures of Ethereum: published vectors, and each form that is refused.
#include <doctest/doctest.h>

#include "host/auth/eth_address.hpp"
#include "host/auth/eth_signature.hpp"
#include "wallet.hpp"

using namespace stipend;
using namespace stipend::auth;
using namespace stipend::auth::testing;

namespace {

// web3.js, documentation of web3.eth.accounts.sign.
constexpr std::string_view known_signature =
    "0xb91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd6007e74cd82e037b800186422fc2da167c747ef045e5d18a"
    "5f5d4300f8e1a0291c";
// The order of secp256k1.
constexpr std::string_view order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

SignatureFault signature_fault(std::string_view signature, std::string_view message = "Some data") {
    const auto checked = recover_personal_sign(message, signature);
    REQUIRE_MESSAGE(!checked.ok(), signature);
    return checked.fault();
}

// The other form of a signature: s taken from the order, and the other recovery id.
SignatureBytes with_high_s(SignatureBytes bytes) {
    std::array<std::uint8_t, 32> n{};
    REQUIRE(hex_decode(order, n));
    int borrow = 0;
    for (std::size_t at = 32; at-- > 0;) {
        const int digit = n[at] - bytes[32 + at] - borrow;
        borrow = digit < 0 ? 1 : 0;
        bytes[32 + at] = static_cast<std::uint8_t>(digit + 256 * borrow);
    }
    bytes[64] = bytes[64] == 27 ? 28 : 27;
    return bytes;
}

}  // namespace

TEST_CASE("addresses have the checksums of EIP-55") {
    for (const std::string text :
         {"0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
          "0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26",
          "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
          "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"}) {
        const auto address = EthAddress::parse(text);
        REQUIRE_MESSAGE(address.has_value(), text);
        CHECK(address->text() == text);
        CHECK(EthAddress::parse("0x" + ascii::to_lower(text.substr(2))) == address);
    }
    CHECK(EthAddress::parse("0x5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED")->text() ==
          "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed");
}

TEST_CASE("text of another form, a wrong checksum and zero are no addresses") {
    for (const std::string text :
         {"", "0x", "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0X5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
          "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed0",
          "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
          "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeg", "0x0000000000000000000000000000000000000000"}) {
        CHECK_MESSAGE(!EthAddress::parse(text), text);
    }
    CHECK(!EthAddress::of(EthAddress::Bytes{}));
}

TEST_CASE("the signer of a published signature is recovered, with v of either kind") {
    std::string text(known_signature);
    for (const auto* v : {"1c", "01", "1C"}) {
        text.replace(text.size() - 2, 2, v);
        const auto signer = recover_personal_sign("Some data", text);
        REQUIRE(signer.ok());
        CHECK(signer->text() == wallet_address);
    }
    CHECK(personal_sign("Some data") == known_signature);
}

TEST_CASE("another message or key recovers another address") {
    const auto other = recover_personal_sign("Some data.", known_signature);
    CHECK((!other.ok() || other->text() != wallet_address));
    const auto signer = recover_personal_sign("Some data", personal_sign("Some data", other_key));
    REQUIRE(signer.ok());
    CHECK(signer->text() == other_address);
    // The length is in what is signed, and a NUL or a newline is a byte as any other.
    const std::string_view odd("a\0b\n", 4);
    CHECK(recover_personal_sign(odd, personal_sign(odd))->text() == wallet_address);
    CHECK(recover_personal_sign("", personal_sign(""))->text() == wallet_address);
}

TEST_CASE("the second form of a signature is refused") {
    auto bytes = with_high_s(personal_sign_bytes("Some data"));
    CHECK(signature_fault(hex_signature(bytes)) == SignatureFault::high_s);
    bytes[64] = static_cast<std::uint8_t>(bytes[64] - 27);
    CHECK(signature_fault(hex_signature(bytes)) == SignatureFault::high_s);
}

TEST_CASE("v is 0, 1, 27 or 28") {
    auto bytes = personal_sign_bytes("Some data");
    for (int v = 0; v < 256; ++v) {
        if (v == 0 || v == 1 || v == 27 || v == 28) continue;
        bytes[64] = static_cast<std::uint8_t>(v);
        CHECK(signature_fault(hex_signature(bytes)) == SignatureFault::bad_recovery);
    }
}

TEST_CASE("r and s are from 1 to below the order") {
    const std::string zero(64, '0');
    const std::string one = std::string(63, '0') + "1";
    const std::string ones(64, 'f');
    for (const auto& [r, s] :
         {std::pair(zero, one), std::pair(one, zero), std::pair(zero, zero), std::pair(std::string(order), one),
          std::pair(one, std::string(order)), std::pair(ones, one), std::pair(one, ones)}) {
        for (const auto* v : {"00", "01", "1b", "1c"}) {
            const auto fault = signature_fault(cat("0x", r, s, v));
            CHECK_MESSAGE(fault == SignatureFault::no_key, r << s << v);
        }
    }
}

TEST_CASE("a signature is 0x and 130 hex digits") {
    const std::string text(known_signature);
    // The one of 64 bytes is the compact form of EIP-2098.
    const std::string refused[] = {"",
                                   "0x",
                                   text.substr(2),
                                   "0X" + text.substr(2),
                                   text + "00",
                                   text.substr(0, 130),
                                   text + "0",
                                   text.substr(0, 131) + "g",
                                   " " + text,
                                   text + "\n"};
    for (const auto& signature : refused) CHECK(signature_fault(signature) == SignatureFault::malformed);
}
