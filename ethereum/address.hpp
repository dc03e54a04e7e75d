// Ethereum addresses as values. The zero address, which belongs to no key, is not one. Pure.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace stipend::ethereum {

class Address {
  public:
    using Bytes = std::array<std::uint8_t, 20>;

    // Nothing for zero.
    [[nodiscard]] static std::optional<Address> of(std::span<const std::uint8_t, 20> bytes);
    // "0x" and 40 hex digits: in one case, or in mixed case with the right checksum (EIP-55). Nothing for any other
    // text, and for zero.
    [[nodiscard]] static std::optional<Address> parse(std::string_view text);

    [[nodiscard]] const Bytes& bytes() const { return bytes_; }
    // In mixed case (EIP-55).
    [[nodiscard]] std::string text() const;

    friend auto operator<=>(const Address&, const Address&) = default;

  private:
    explicit Address(const Bytes& bytes) : bytes_(bytes) {}
    Bytes bytes_;
};

}  // namespace stipend::ethereum
