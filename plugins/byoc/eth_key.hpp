// An Ethereum key for the signature that orchestrators require before they state a price. Not for money: each instance
// generates its own, which holds no funds and is never stored.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "stipend/result.hpp"

namespace byoc {

class EthKey {
  public:
    // INTERNAL: the system has no random bytes.
    static stipend::Result<EthKey> generate();
    // INVALID: 0, or not below the order of the curve.
    static stipend::Result<EthKey> from_bytes(const std::array<std::uint8_t, 32>& secret);

    // "0x" and 40 hex digits in mixed case (EIP-55).
    [[nodiscard]] const std::string& address() const { return address_; }
    // personal_sign of keccak256(message): "0x" and 130 hex digits, r || s || v with v 27 or 28 and the low s.
    [[nodiscard]] std::string sign(std::string_view message) const;
    // The value of the `Livepeer-Eth-Address` header: base64 of the address and its signature over itself.
    [[nodiscard]] std::string address_header() const;

  private:
    EthKey() = default;
    std::array<std::uint8_t, 32> secret_{};
    std::string address_;
};

}  // namespace byoc
