// Ethereum keys and signatures: the gateway's account signs, and an orchestrator recovers the address that signed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stipend::devnet {

// The 32 bytes of Ethereum's hash.
[[nodiscard]] std::string keccak256(std::string_view bytes);

class EthKey {
  public:
    // The same seed makes the same key.
    static EthKey from_seed(std::string_view seed);

    // "0x" and 40 hex digits in mixed case (EIP-55).
    [[nodiscard]] const std::string& address() const { return address_; }
    // 65 raw bytes r || s || v with the low s and v 27 or 28, over the prefixed bytes (personal_sign).
    [[nodiscard]] std::string personal_sign(std::string_view bytes) const;
    // As an orchestrator expects it of a message: personal_sign of its hash, in hex with "0x".
    [[nodiscard]] std::string sign_text(std::string_view message) const;
    // The value of the Livepeer-Eth-Address header.
    [[nodiscard]] std::string credential() const;

  private:
    std::array<std::uint8_t, 32> secret_{};
    std::string address_;
};

// The address that a node reads from a hex text: its last 20 bytes, as "0x" and lower-case digits.
[[nodiscard]] std::string plain_address(std::string_view text);

// The signer of keccak256(message) in the form of plain_address; none if `signature` (hex, "0x" in front only beyond
// 130 characters) is not one.
[[nodiscard]] std::optional<std::string> recover_signer(std::string_view message, std::string_view signature);

}  // namespace stipend::devnet
