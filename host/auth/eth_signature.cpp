#include "host/auth/eth_signature.hpp"

#include <array>

#include "ethereum/signature.hpp"
#include "stipend/hex.hpp"

namespace stipend::auth {

std::string_view name_of(SignatureFault fault) {
    switch (fault) {
        case SignatureFault::malformed:
            return "malformed";
        case SignatureFault::bad_recovery:
            return "bad_recovery";
        case SignatureFault::high_s:
            return "high_s";
        case SignatureFault::no_key:
            return "no_key";
    }
    return "unknown";
}

Checked<EthAddress, SignatureFault> recover_personal_sign(std::string_view message, std::string_view signature) {
    std::array<std::uint8_t, ethereum::Signature::bytes> bytes{};
    if (!signature.starts_with("0x") || !hex_decode(signature.substr(2), bytes)) return SignatureFault::malformed;
    const auto parsed = ethereum::Signature::of(bytes);
    if (!parsed) return SignatureFault::bad_recovery;
    const auto address = ethereum::recover(ethereum::personal_digest(message), *parsed);
    if (!address) return SignatureFault::no_key;
    if (!ethereum::is_low_s(*parsed)) return SignatureFault::high_s;
    return *address;
}

}  // namespace stipend::auth
