// Keccak-256 as Ethereum uses it (not SHA3-256, which pads differently).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace stipend {

using Hash256 = std::array<std::uint8_t, 32>;

// Reusable; one thread at a time.
class Keccak {
  public:
    Keccak();
    ~Keccak();
    Keccak(const Keccak&) = delete;
    Keccak& operator=(const Keccak&) = delete;

    Keccak& add(std::span<const std::uint8_t> bytes);
    Keccak& add(std::string_view text);
    // Returns the hash of the bytes added so far and resets the object.
    [[nodiscard]] Hash256 finish();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

[[nodiscard]] Hash256 keccak256(std::string_view bytes);
[[nodiscard]] Hash256 keccak256(std::span<const std::uint8_t> bytes);

}  // namespace stipend
