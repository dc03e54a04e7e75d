// Signatures over secp256k1, and the address whose key made one. Pure and thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ethereum/address.hpp"
#include "ethereum/keccak.hpp"

namespace stipend::ethereum {

struct Signature {
    std::array<std::uint8_t, 32> r{};
    std::array<std::uint8_t, 32> s{};
    bool odd = false;  // the parity of the point's y, by which the key is recovered

    static constexpr std::size_t bytes = 65;
    // r || s || v; nothing where v is none of 0, 1, 27 and 28. r and s may be anything.
    [[nodiscard]] static std::optional<Signature> of(std::span<const std::uint8_t, bytes> raw);
    // "0x" and r || s || v in hex, v 27 or 28.
    [[nodiscard]] std::string text() const;

    friend bool operator==(const Signature&, const Signature&) = default;
};

// True for the one form of the two that wallets and the chain take (EIP-2).
[[nodiscard]] bool is_low_s(const Signature& signature);

// The address whose key signed `digest`; nothing where r or s is out of range, or no key can have made it. Either s is
// taken.
[[nodiscard]] std::optional<Address> recover(const Hash256& digest, const Signature& signature);

// The digest that personal_sign signs for a message (EIP-191).
[[nodiscard]] Hash256 personal_digest(std::string_view message);
[[nodiscard]] inline Hash256 personal_digest(const Hash256& message) {
    return personal_digest(std::string_view(reinterpret_cast<const char*>(message.data()), message.size()));
}

}  // namespace stipend::ethereum
