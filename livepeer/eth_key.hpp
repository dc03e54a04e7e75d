// Ethereum's signatures, as far as orchestrators require one before they state a price: a key that signs its own
// address, and the recovery of the address that signed. Pure, except for the generation of a key.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "ethereum/key.hpp"
#include "stipend/result.hpp"

namespace livepeer {

inline constexpr std::size_t eth_signature_bytes = stipend::ethereum::Signature::bytes;  // r || s || v

// "0x" and 40 hex digits, in any case.
bool is_eth_address(std::string_view text);

// The address, in mixed case (EIP-55), whose key made `signature` by personal_sign of keccak256(message); v is 0,
// 1, 27 or 28. INVALID: not such a signature.
stipend::Result<std::string> signer_of(std::string_view message, std::string_view signature);

// A key that is not for money: each instance generates its own, which holds no funds and is never stored.
class EthKey {
  public:
    // INTERNAL: the system has no random bytes, or no memory.
    static stipend::Result<EthKey> generate();
    // INVALID: 0, or not below the order of the curve.
    static stipend::Result<EthKey> from_bytes(const std::array<std::uint8_t, 32>& secret);

    // "0x" and 40 hex digits in mixed case (EIP-55).
    [[nodiscard]] const std::string& address() const { return address_; }
    // personal_sign of keccak256(message): "0x" and 130 hex digits, r || s || v with v 27 or 28 and the low s.
    [[nodiscard]] std::string sign(std::string_view message) const;

  private:
    explicit EthKey(stipend::ethereum::PrivateKey key) : key_(std::move(key)), address_(key_.address().text()) {}

    stipend::ethereum::PrivateKey key_;
    std::string address_;
};

}  // namespace livepeer
