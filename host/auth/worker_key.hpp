// The key by which a worker signs what it reports: Ed25519, from a seed of 32 bytes. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "stipend/result.hpp"

namespace stipend::auth {

inline constexpr std::size_t key_seed_bytes = 32;

// The public half, as 64 hex digits in lower case, of a seed of 64 hex digits. INVALID: another text. INTERNAL: the
// library fails.
[[nodiscard]] Result<std::string> worker_key_of(std::string_view seed_hex);

}  // namespace stipend::auth
