// A private key: in locked memory, wiped, moved and never copied.
#pragma once

#include <cstdint>
#include <span>

#include "ethereum/address.hpp"
#include "ethereum/keccak.hpp"
#include "ethereum/locked_memory.hpp"
#include "ethereum/signature.hpp"
#include "stipend/result.hpp"

namespace stipend::ethereum {

// Const functions are thread-safe.
class PrivateKey {
  public:
    static constexpr std::size_t size = 32;

    // INTERNAL: the system has no random bytes, or no memory.
    [[nodiscard]] static Result<PrivateKey> generate();
    // Copies `secret`, which the caller wipes. INVALID: 0, or not below the order of the curve. INTERNAL: no memory.
    [[nodiscard]] static Result<PrivateKey> from_bytes(std::span<const std::uint8_t, size> secret);

    [[nodiscard]] const Address& address() const { return address_; }
    // Deterministic (RFC 6979), with the low s.
    [[nodiscard]] Signature sign(const Hash256& digest) const;
    // For a keystore, and nothing else. Lives as long as the key.
    [[nodiscard]] std::span<const std::uint8_t, size> secret() const { return memory_.bytes().first<size>(); }
    // False where the system did not lock its memory.
    [[nodiscard]] bool locked() const { return memory_.locked(); }

  private:
    PrivateKey(LockedMemory memory, const Address& address) : memory_(std::move(memory)), address_(address) {}
    [[nodiscard]] static Result<PrivateKey> of(LockedMemory memory);

    LockedMemory memory_;
    Address address_;
};

}  // namespace stipend::ethereum
