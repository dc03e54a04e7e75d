// Hexadecimal text of bytes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stipend/ascii.hpp"

namespace stipend {

// Lower case, two digits a byte.
[[nodiscard]] inline std::string hex_encode(std::span<const std::uint8_t> bytes) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const auto byte : bytes) {
        out.push_back(digits[byte >> 4]);
        out.push_back(digits[byte & 15]);
    }
    return out;
}
[[nodiscard]] inline std::string hex_encode(std::string_view bytes) {
    return hex_encode(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

// The value of a digit in either case, or -1.
[[nodiscard]] constexpr int hex_value(char c) {
    if (ascii::is_digit(c)) return c - '0';
    const char lower = ascii::to_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// True where `text` is digits only; an empty one is.
[[nodiscard]] constexpr bool is_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return hex_value(c) >= 0; });
}

// Fills `out` from exactly twice as many digits. False, with `out` unchanged, for any other text.
[[nodiscard]] inline bool hex_decode(std::string_view text, std::span<std::uint8_t> out) {
    if (text.size() % 2 != 0 || text.size() / 2 != out.size() || !is_hex(text)) return false;
    for (std::size_t at = 0; at < out.size(); ++at) {
        out[at] = static_cast<std::uint8_t>(hex_value(text[2 * at]) << 4 | hex_value(text[2 * at + 1]));
    }
    return true;
}

// The bytes of an even number of digits; none for any other text.
[[nodiscard]] inline std::optional<std::vector<std::uint8_t>> hex_decode(std::string_view text) {
    std::vector<std::uint8_t> out(text.size() / 2);
    if (!hex_decode(text, out)) return std::nullopt;
    return out;
}

}  // namespace stipend
