// Numeric internet addresses and ranges of them, as values. Pure.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "stipend/result.hpp"

namespace stipend {

// Whether two addresses agree in their first `bits` bits; both are at least so long.
[[nodiscard]] bool same_prefix(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b, unsigned bits);

// An IPv4 or IPv6 address. An IPv4 address that is mapped into IPv6 (::ffff:10.0.0.1) is the IPv4 address.
class IpAddress {
  public:
    // Dotted decimal, or IPv6 text without brackets and without a zone; nothing for any other text.
    [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

    [[nodiscard]] bool is_v4() const;
    // 16 bytes; of an IPv4 address, its mapped form.
    [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
    [[nodiscard]] std::string text() const;
    // The address with all but its first `bits` bits set to zero; `bits` counts in the address's own family.
    [[nodiscard]] IpAddress network(unsigned bits) const;

    friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

  private:
    std::array<std::uint8_t, 16> bytes_{};
};

// The addresses of one family that share a prefix. ::/0 holds no IPv4 address.
class IpRange {
  public:
    // "10.0.0.0/8", "fd00::/8", or one address. INVALID: any other text, or an address with bits after the prefix.
    [[nodiscard]] static Result<IpRange> parse(std::string_view text);

    [[nodiscard]] bool contains(const IpAddress& address) const;

  private:
    IpRange(const IpAddress& start, unsigned bits) : start_(start), bits_(bits) {}
    IpAddress start_;
    unsigned bits_;
};

}  // namespace stipend
