// Keystores as wallets write them: Web3 Secret Storage, version 3. Without files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ethereum/key.hpp"
#include "stipend/result.hpp"

namespace stipend::ethereum {

inline constexpr std::size_t max_keystore_bytes = std::size_t{16} << 10;

// The work of scrypt; the default takes 256 MiB and about a second, as other wallets' does.
struct ScryptCost {
    std::uint64_t n = std::uint64_t{1} << 18;  // a power of two
    std::uint64_t r = 8;
    std::uint64_t p = 1;
};
inline constexpr ScryptCost highest_scrypt_cost = {.n = std::uint64_t{1} << 20, .r = 32, .p = 16};
inline constexpr std::uint64_t max_scrypt_bytes = std::uint64_t{512} << 20;  // 128 x n x r
inline constexpr std::uint64_t max_scrypt_work = std::uint64_t{1} << 23;     // n x r x p
inline constexpr std::uint64_t max_pbkdf2_rounds = 10'000'000;

// The key in a keystore: scrypt or PBKDF2, AES-128-CTR, Keccak MAC, which is compared in constant time. What is derived
// is wiped. INVALID: no keystore, costs beyond the bounds, another passphrase (`permanent` is set). No message has any
// part of the passphrase or the key.
[[nodiscard]] Result<PrivateKey> open_keystore(std::string_view json, std::string_view passphrase);

// A keystore of the key, by scrypt. INTERNAL: the system has no random bytes.
[[nodiscard]] Result<std::string> make_keystore(const PrivateKey& key, std::string_view passphrase,
                                                ScryptCost cost = {});

}  // namespace stipend::ethereum
