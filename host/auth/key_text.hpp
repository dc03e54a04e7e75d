// What the texts of keys have in common: hex in lower case, and a checksum at their end. Pure and thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "host/auth/crypto.hpp"
#include "stipend/hex.hpp"

namespace stipend::auth {

inline constexpr std::size_t checksum_digits = 8;

// CRC-32 of ISO 3309, as scanners compute it.
[[nodiscard]] inline std::uint32_t crc32(std::string_view text) {
    std::uint32_t crc = 0xffffffffU;
    for (const auto byte : bytes_of(text)) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (0xedb88320U & (0U - (crc & 1U)));
    }
    return ~crc;
}

// Its hex digits, the highest first.
[[nodiscard]] inline std::string checksum_of(std::string_view text) {
    const auto crc = crc32(text);
    std::array<std::uint8_t, 4> bytes{};
    for (std::size_t at = 0; at < bytes.size(); ++at) bytes[at] = static_cast<std::uint8_t>(crc >> (24 - 8 * at));
    return hex_encode(bytes);
}

// Upper case would be a second text of the same key.
[[nodiscard]] inline bool is_lower_hex(std::string_view text) {
    return is_hex(text) && text.find_first_of("ABCDEF") == std::string_view::npos;
}

}  // namespace stipend::auth
