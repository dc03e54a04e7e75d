// A wallet of the tests: a key, and its personal_sign.
#pragma once

#include <secp256k1_recovery.h>

#include <array>
#include <string>
#include <string_view>

#include "ethereum/keccak.hpp"
#include "stipend/hex.hpp"
#include "stipend/result.hpp"

namespace stipend::auth::testing {

using SignatureBytes = std::array<std::uint8_t, 65>;

// A key of web3.js's documentation, and its address.
inline constexpr std::string_view wallet_key = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
inline constexpr std::string_view wallet_address = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23";
inline constexpr std::string_view other_key = "0123456789012345678901234567890123456789012345678901234567890123";
inline constexpr std::string_view other_address = "0x14791697260E4c9A71f18484C9f997B308e59325";

inline SignatureBytes personal_sign_bytes(std::string_view message, std::string_view key = wallet_key) {
    static secp256k1_context* const context = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
    std::array<std::uint8_t, 32> secret{};
    STIPEND_ASSERT(hex_decode(key, secret));
    const auto digest = keccak256(cat("\x19", "Ethereum Signed Message:\n", message.size(), message));
    secp256k1_ecdsa_recoverable_signature made;
    STIPEND_ASSERT(secp256k1_ecdsa_sign_recoverable(context, &made, digest.data(), secret.data(), nullptr, nullptr) ==
                   1);
    SignatureBytes out{};
    int recovery = 0;
    secp256k1_ecdsa_recoverable_signature_serialize_compact(context, out.data(), &recovery, &made);
    out[64] = static_cast<std::uint8_t>(27 + recovery);
    return out;
}

inline std::string hex_signature(const SignatureBytes& bytes) {
    return "0x" + hex_encode(bytes);
}

inline std::string personal_sign(std::string_view message, std::string_view key = wallet_key) {
    return hex_signature(personal_sign_bytes(message, key));
}

}  // namespace stipend::auth::testing
