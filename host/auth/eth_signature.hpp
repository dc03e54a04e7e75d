// EIP-191 signatures of texts, as wallets make them by personal_sign. Pure and thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

#include "host/auth/checked.hpp"
#include "host/auth/eth_address.hpp"

namespace stipend::auth {

enum class SignatureFault : std::uint8_t {
    malformed,     // not "0x" and 130 hex digits
    bad_recovery,  // v is none of 0, 1, 27, 28
    high_s,        // the second form of a signature, which wallets do not make (EIP-2)
    no_key,        // r or s is out of range, or no key can have made it
};
[[nodiscard]] std::string_view name_of(SignatureFault fault);

// The address whose key signed `message`, byte by byte as it is given.
[[nodiscard]] Checked<EthAddress, SignatureFault> recover_personal_sign(std::string_view message,
                                                                        std::string_view signature);

}  // namespace stipend::auth
