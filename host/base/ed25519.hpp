// Ed25519 of RFC 8032, without a prehash of its own. Thread-safe. No memory ends in an exception.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace stipend {

using Ed25519Public = std::array<std::uint8_t, 32>;
using Ed25519Signature = std::array<std::uint8_t, 64>;

// `seed` is the secret key in its short form.
[[nodiscard]] Ed25519Public ed25519_public(std::span<const std::uint8_t, 32> seed);
[[nodiscard]] Ed25519Signature ed25519_sign(std::span<const std::uint8_t, 32> seed,
                                            std::span<const std::uint8_t> message);
// False also where the key or the signature is malformed.
[[nodiscard]] bool ed25519_verify(const Ed25519Public& key, std::span<const std::uint8_t> message,
                                  std::span<const std::uint8_t> signature);

}  // namespace stipend
