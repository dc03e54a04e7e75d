// The key that signs receipts and statements. It is the manager's own, apart from the payer's, which signs transactions
// and nothing else: by this one it can be stated what was paid, and nothing can be paid.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "ethereum/key.hpp"

namespace stipend::receipt {

[[nodiscard]] std::filesystem::path key_file(const std::filesystem::path& state_folder);

// Const functions are thread-safe.
class Key {
  public:
    // Reads `receipt.key` in the state folder: 64 hex digits, mode 0600. Makes it where there is none. CONFIG: it holds
    // no key, or others may read it. UNAVAILABLE: it cannot be read or written.
    [[nodiscard]] static Result<Key> open(const std::filesystem::path& state_folder);

    // "0x" and 40 digits, with the checksum (EIP-55).
    [[nodiscard]] std::string address() const { return key_.address().text(); }
    // EIP-191, as a wallet's personal_sign: "0x" and 130 digits. The same for the same text.
    [[nodiscard]] std::string sign(std::string_view text) const {
        return key_.sign(ethereum::personal_digest(text)).text();
    }

  private:
    explicit Key(ethereum::PrivateKey key) : key_(std::move(key)) {}
    ethereum::PrivateKey key_;
};

}  // namespace stipend::receipt
