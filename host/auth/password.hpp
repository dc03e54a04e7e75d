// Passwords, stored as Argon2id hashes in PHC strings: $argon2id$v=19$m=19456,t=2,p=1$salt$hash. Pure and thread-safe;
// a hash takes `memory_kib` for some ten milliseconds, so a caller bounds how many are computed at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stipend/result.hpp"

namespace stipend::auth {

inline constexpr std::size_t min_password_bytes = 8;
inline constexpr std::size_t max_password_bytes = 1024;

// The cost of one hash. The defaults are the recommendation of OWASP's Password Storage Cheat Sheet.
struct PasswordCost {
    std::uint32_t memory_kib = 19'456;
    std::uint32_t passes = 2;
    std::uint32_t lanes = 1;
    friend bool operator==(const PasswordCost&, const PasswordCost&) = default;
};

enum class PasswordCheck : std::uint8_t {
    match,
    mismatch,
    bad_record,  // what is stored is no hash that this program makes, or one whose cost is beyond the bounds
    failed,      // the system has no memory for the hash
};
[[nodiscard]] std::string_view name_of(PasswordCheck check);

// INVALID: too short or too long for a password, or a cost beyond the bounds. INTERNAL: no random bytes or no memory.
[[nodiscard]] Result<std::string> hash_password(std::string_view password, const PasswordCost& cost);

// Compares in constant time. The bounds of a stored cost (256 MiB, 10 passes, 4 lanes, 1 GiB written in all) are
// checked before anything is computed. Without a stored hash, which is an account that does not exist, a hash of `cost`
// is computed all the same and the outcome is a mismatch, so that the time does not show which accounts exist.
[[nodiscard]] PasswordCheck verify_password(std::string_view password, std::optional<std::string_view> stored,
                                            const PasswordCost& cost);

// Whether a stored hash was made at another cost, so that it is replaced at the next login.
[[nodiscard]] bool needs_rehash(std::string_view stored, const PasswordCost& cost);

}  // namespace stipend::auth
