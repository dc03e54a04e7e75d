// Bytes of the tests, written in hex.
#pragma once

#include <string_view>

#include "ethereum/address.hpp"
#include "ethereum/bytes.hpp"
#include "ethereum/key.hpp"

namespace stipend::ethereum::testing {

// A key of web3.js's documentation, and its address.
inline constexpr std::string_view payer_key = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
inline constexpr std::string_view payer_address = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23";
inline constexpr std::string_view payee_address = "0x14791697260E4c9A71f18484C9f997B308e59325";
inline constexpr std::string_view other_payee_address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
inline constexpr std::string_view token_address = "0xaf88d065e77c8cC2239327C5EDb3A432268e5831";

// With or without "0x".
inline Bytes bytes_of_hex(std::string_view text) {
    if (text.starts_with("0x")) text.remove_prefix(2);
    auto out = hex_decode(text);
    STIPEND_ASSERT(out.has_value());
    return std::move(*out);
}

inline Address address_of_hex(std::string_view text) {
    const auto out = Address::parse(text);
    STIPEND_ASSERT(out.has_value());
    return *out;
}

inline Uint256 number_of(std::string_view digits) {
    return *Uint256::parse(digits);
}

inline PrivateKey key_of_hex(std::string_view text) {
    const auto bytes = bytes_of_hex(text);
    STIPEND_ASSERT(bytes.size() == PrivateKey::size);
    return *PrivateKey::from_bytes(std::span(bytes).first<PrivateKey::size>());
}

inline Bytes32 batch_id() {
    Bytes32 out{};
    out.fill(0x11);
    out.back() = 0xff;
    return out;
}

}  // namespace stipend::ethereum::testing
