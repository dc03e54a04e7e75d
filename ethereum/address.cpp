#include "ethereum/address.hpp"

#include <algorithm>

#include "ethereum/keccak.hpp"
#include "stipend/hex.hpp"

namespace stipend::ethereum {

std::optional<Address> Address::of(std::span<const std::uint8_t, 20> bytes) {
    if (std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; })) return std::nullopt;
    Bytes out{};
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return Address(out);
}

std::optional<Address> Address::parse(std::string_view text) {
    Bytes bytes{};
    if (!text.starts_with("0x") || !hex_decode(text.substr(2), bytes)) return std::nullopt;
    const auto out = of(bytes);
    const auto digits = text.substr(2);
    const bool one_case = std::none_of(digits.begin(), digits.end(), ascii::is_upper) ||
                          std::none_of(digits.begin(), digits.end(), ascii::is_lower);
    if (out && !one_case && out->text() != text) return std::nullopt;
    return out;
}

std::string Address::text() const {
    auto digits = hex_encode(bytes_);
    // A letter is upper case where the hash of the lower-case digits has its digit's highest bit set.
    const auto hash = keccak256(digits);
    for (std::size_t at = 0; at < digits.size(); ++at) {
        const auto nibble = at % 2 == 0 ? hash[at / 2] >> 4 : hash[at / 2] & 15;
        if (nibble >= 8 && ascii::is_lower(digits[at])) digits[at] = static_cast<char>(digits[at] - 'a' + 'A');
    }
    return "0x" + digits;
}

}  // namespace stipend::ethereum
