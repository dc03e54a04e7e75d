// Bytes and numbers of the chain. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "stipend/hex.hpp"
#include "stipend/money.hpp"

namespace stipend::ethereum {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
using Bytes32 = std::array<std::uint8_t, 32>;

// 0 .. 2^256-1, exact and checked: wei, and the smallest unit of a token.
using Uint256 = Wei;

// The most significant byte first.
[[nodiscard]] inline Bytes32 to_bytes32(const Uint256& number) {
    return std::to_array(number.to_abi().be);
}
[[nodiscard]] inline Uint256 from_bytes32(std::span<const std::uint8_t, 32> bytes) {
    stipend_u256 raw{};
    std::copy(bytes.begin(), bytes.end(), raw.be);
    return Uint256::from_abi(raw);
}

// "0x" and two lower-case digits a byte.
[[nodiscard]] inline std::string hex_text(ByteView bytes) {
    return "0x" + hex_encode(bytes);
}

}  // namespace stipend::ethereum
