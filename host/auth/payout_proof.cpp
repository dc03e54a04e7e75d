#include "host/auth/payout_proof.hpp"

#include <algorithm>

#include "host/auth/eth_signature.hpp"
#include "host/auth/wallet_text.hpp"
#include "stipend/url.hpp"

namespace stipend::auth {
namespace {

constexpr std::size_t max_orchestrator_id_bytes = 256;

bool is_origin(std::string_view text) {
    const auto url = split_url(text);
    return url && (url->scheme == "https" || url->scheme == "http") && is_url_authority(url->authority) &&
           url->rest.empty();
}

// One line that a wallet shows as it is.
bool is_shown_id(std::string_view text) {
    return !text.empty() && text.size() <= max_orchestrator_id_bytes &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

Result<std::string> build_payout_proof(const PayoutProof& proof) {
    const auto refuse = [](std::string_view field, std::string_view want) {
        return fail(STIPEND_E_INVALID, "not a proof of a payout address: ", field, ": want ", want);
    };
    if (!is_origin(proof.origin)) return refuse("origin", "https://host or https://host:port");
    if (!is_shown_id(proof.orchestrator_id)) return refuse("orchestrator id", "1 to 256 printable ASCII characters");
    if (!is_nonce(proof.nonce)) return refuse("nonce", "at least 8 letters and digits");
    if (proof.successor == proof.address) return refuse("successor", "another address");
    const auto purpose = proof.successor ? "hand payments over to " + proof.successor->text()
                                         : std::string("receive payments at this address");
    return cat("stipend: proof of a payout address\n\nManager: ", proof.origin,
               "\nOrchestrator: ", proof.orchestrator_id, "\nAddress: ", proof.address.text(), "\nPurpose: ", purpose,
               "\nNonce: ", proof.nonce);
}

std::string_view name_of(PayoutFault fault) {
    switch (fault) {
        case PayoutFault::malformed:
            return "malformed";
        case PayoutFault::bad_signature:
            return "bad_signature";
        case PayoutFault::wrong_signer:
            return "wrong_signer";
    }
    return "unknown";
}

Checked<EthAddress, PayoutFault> verify_payout_proof(const PayoutProof& proof, std::string_view signature) {
    const auto text = build_payout_proof(proof);
    if (!text) return PayoutFault::malformed;
    const auto signer = recover_personal_sign(*text, signature);
    if (!signer) return PayoutFault::bad_signature;
    if (*signer != proof.address) return PayoutFault::wrong_signer;
    return *signer;
}

}  // namespace stipend::auth
