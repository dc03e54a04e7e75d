// The text by whose signature a wallet proves a payout address. It names the manager, the orchestrator, the address and
// the purpose, so that the wallet shows what is proven, and a proof is of no use to another manager. It is no text of
// Sign-In with Ethereum, so a login proves no address, and a proof is no login. Pure and thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/auth/checked.hpp"
#include "host/auth/eth_address.hpp"
#include "stipend/result.hpp"

namespace stipend::auth {

struct PayoutProof {
    std::string origin;           // of the manager: https://host or https://host:port
    std::string orchestrator_id;  // 1 to 256 printable ASCII characters
    EthAddress address;           // that signs
    // Without it, the address is proven as the payout address. With it, the proven address hands over to this one.
    std::optional<EthAddress> successor;
    std::string nonce;  // a challenge that was issued to the orchestrator
};

// INVALID: a field of another form.
[[nodiscard]] Result<std::string> build_payout_proof(const PayoutProof& proof);

enum class PayoutFault : std::uint8_t {
    malformed,      // a field that build_payout_proof refuses
    bad_signature,  // of no valid form
    wrong_signer,   // of another text, or by another address
};
[[nodiscard]] std::string_view name_of(PayoutFault fault);

// The proof is what the manager expects, never what the peer sends. The caller takes the nonce from the orchestrator's
// challenges before.
[[nodiscard]] Checked<EthAddress, PayoutFault> verify_payout_proof(const PayoutProof& proof,
                                                                   std::string_view signature);

}  // namespace stipend::auth
