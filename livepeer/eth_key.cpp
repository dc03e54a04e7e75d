#include "livepeer/eth_key.hpp"

#include <algorithm>

#include "stipend/hex.hpp"

namespace livepeer {

using stipend::fail;
using stipend::Result;

namespace {

// The digest that personal_sign signs for a message of 32 bytes, here the hash of `message`.
stipend::Hash256 signed_digest(std::string_view message) {
    return stipend::ethereum::personal_digest(stipend::keccak256(message));
}

}  // namespace

bool is_eth_address(std::string_view text) {
    return text.size() == 42 && text.starts_with("0x") && stipend::is_hex(text.substr(2));
}

Result<std::string> signer_of(std::string_view message, std::string_view signature) {
    if (signature.size() != eth_signature_bytes) {
        return fail(STIPEND_E_INVALID, "not a signature: got ", signature.size(), " bytes, want ", eth_signature_bytes);
    }
    std::array<std::uint8_t, eth_signature_bytes> bytes{};
    std::copy(signature.begin(), signature.end(), bytes.begin());
    const auto parsed = stipend::ethereum::Signature::of(bytes);
    if (!parsed) return fail(STIPEND_E_INVALID, "not a signature: its last byte is none of 0, 1, 27 and 28");
    const auto signer = stipend::ethereum::recover(signed_digest(message), *parsed);
    if (!signer) return fail(STIPEND_E_INVALID, "not a signature: no key can have made it");
    return signer->text();
}

Result<EthKey> EthKey::generate() {
    STIPEND_LET(key, stipend::ethereum::PrivateKey::generate());
    return EthKey(std::move(key));
}

Result<EthKey> EthKey::from_bytes(const std::array<std::uint8_t, 32>& secret) {
    STIPEND_LET(key, stipend::ethereum::PrivateKey::from_bytes(secret));
    return EthKey(std::move(key));
}

std::string EthKey::sign(std::string_view message) const {
    return key_.sign(signed_digest(message)).text();
}

}  // namespace livepeer
