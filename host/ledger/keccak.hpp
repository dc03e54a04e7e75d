// Keccak-256 as Ethereum uses it (not SHA3-256, which pads differently).
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "host/ledger/rows.hpp"

namespace stipend::ledger {

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
    [[nodiscard]] Hash finish();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

[[nodiscard]] Hash keccak256(std::string_view bytes);

}  // namespace stipend::ledger
