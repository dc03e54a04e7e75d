#include "host/auth/eth_address.hpp"

#include <algorithm>

#include "host/base/keccak.hpp"
#include "stipend/hex.hpp"

namespace stipend::auth {

std::optional<EthAddress> EthAddress::of(std::span<const std::uint8_t, 20> bytes) {
    if (std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; })) return std::nullopt;
    Bytes out{};
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return EthAddress(out);
}

std::optional<EthAddress> EthAddress::parse(std::string_view text) {
    Bytes bytes{};
    if (!text.starts_with("0x") || !hex_decode(text.substr(2), bytes)) return std::nullopt;
    const auto out = of(bytes);
    const auto digits = text.substr(2);
    const bool one_case = std::none_of(digits.begin(), digits.end(), ascii::is_upper) ||
                          std::none_of(digits.begin(), digits.end(), ascii::is_lower);
    if (out && !one_case && out->text() != text) return std::nullopt;
    return out;
}

std::string EthAddress::text() const {
    auto digits = hex_encode(bytes_);
    // A letter is upper case where the hash of the lower-case digits has its digit's highest bit set.
    const auto hash = keccak256(digits);
    for (std::size_t at = 0; at < digits.size(); ++at) {
        const auto nibble = at % 2 == 0 ? hash[at / 2] >> 4 : hash[at / 2] & 15;
        if (nibble >= 8 && ascii::is_lower(digits[at])) digits[at] = static_cast<char>(digits[at] - 'a' + 'A');
    }
    return "0x" + digits;
}

}  // namespace stipend::auth
