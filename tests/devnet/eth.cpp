#include "tests/devnet/eth.hpp"

#include <botan/hash.h>
#include <secp256k1.h>
#include <secp256k1_recovery.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <span>

#include "stipend/hex.hpp"
#include "stipend/result.hpp"
#include "tests/devnet/message.hpp"
#include "tests/devnet/wire.hpp"

namespace stipend::devnet {
namespace {

constexpr std::size_t address_digits = 40;
constexpr std::size_t signature_bytes = 65;

struct FreeContext {
    void operator()(secp256k1_context* context) const { secp256k1_context_destroy(context); }
};

const secp256k1_context* secp_context() {
    static const std::unique_ptr<secp256k1_context, FreeContext> made(
        secp256k1_context_create(SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY));
    return made.get();
}

const std::uint8_t* bytes_of(std::string_view text) {
    return reinterpret_cast<const std::uint8_t*>(text.data());
}

// The address of a public key: 40 digits in lower case.
std::string digits_of(const secp256k1_pubkey& point) {
    std::array<std::uint8_t, signature_bytes> plain{};
    std::size_t length = plain.size();
    secp256k1_ec_pubkey_serialize(secp_context(), plain.data(), &length, &point, SECP256K1_EC_UNCOMPRESSED);
    const auto hash = keccak256({reinterpret_cast<const char*>(plain.data()) + 1, plain.size() - 1});
    return hex_encode(std::string_view(hash).substr(12));
}

// EIP-55: a letter is upper case if the hash of the lower-case digits has its high bit set at that position.
std::string checksummed(std::string digits) {
    const auto hash = keccak256(digits);
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const auto byte = static_cast<std::uint8_t>(hash[i / 2]);
        if ((i % 2 == 0 ? byte >> 4 : byte & 15) < 8) continue;
        digits[i] = static_cast<char>(std::toupper(static_cast<unsigned char>(digits[i])));
    }
    return "0x" + digits;
}

std::string prefixed_hash(std::string_view bytes) {
    return keccak256(
        cat("\x19"
            "Ethereum Signed Message:\n",
            bytes.size(), bytes));
}

}  // namespace

std::string keccak256(std::string_view bytes) {
    const auto hash = Botan::HashFunction::create_or_throw("Keccak-1600(256)");
    hash->update(bytes_of(bytes), bytes.size());
    std::string out(32, '\0');
    hash->final(reinterpret_cast<std::uint8_t*>(out.data()));
    return out;
}

EthKey EthKey::from_seed(std::string_view seed) {
    EthKey key;
    secp256k1_pubkey point;
    auto hash = keccak256(seed);
    // A hash that is no key has a probability of 2^-127.
    while (secp256k1_ec_pubkey_create(secp_context(), &point, bytes_of(hash)) != 1) hash = keccak256(hash);
    std::copy_n(bytes_of(hash), key.secret_.size(), key.secret_.begin());
    key.address_ = checksummed(digits_of(point));
    return key;
}

std::string EthKey::personal_sign(std::string_view bytes) const {
    const auto hash = prefixed_hash(bytes);
    secp256k1_ecdsa_recoverable_signature signature;
    STIPEND_ASSERT(secp256k1_ecdsa_sign_recoverable(secp_context(), &signature, bytes_of(hash), secret_.data(), nullptr,
                                                    nullptr) == 1);
    std::string out(signature_bytes, '\0');
    int recovery = 0;
    secp256k1_ecdsa_recoverable_signature_serialize_compact(secp_context(), reinterpret_cast<std::uint8_t*>(out.data()),
                                                            &recovery, &signature);
    out.back() = static_cast<char>(27 + recovery);
    return out;
}

std::string EthKey::sign_text(std::string_view message) const {
    return "0x" + hex_encode(std::string_view(personal_sign(keccak256(message))));
}

std::string EthKey::credential() const {
    return encode_base64(
        cat(R"({"addr":)", json_string(address_), R"(,"sig":)", json_string(sign_text(address_)), "}"));
}

std::string plain_address(std::string_view text) {
    if (text.substr(0, 2) == "0x" || text.substr(0, 2) == "0X") text.remove_prefix(2);
    std::string digits(text);
    for (auto& c : digits) c = ascii::to_lower(c);
    if (!is_hex(digits)) digits.clear();
    if (digits.size() > address_digits) digits.erase(0, digits.size() - address_digits);
    return "0x" + std::string(address_digits - digits.size(), '0') + digits;
}

std::optional<std::string> recover_signer(std::string_view message, std::string_view signature) {
    if (!hex_signature(signature)) return std::nullopt;
    if (signature.size() > 2 * signature_bytes) signature.remove_prefix(2);
    if (signature.size() != 2 * signature_bytes) return std::nullopt;
    std::array<std::uint8_t, signature_bytes> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::uint8_t>(hex_value(signature[2 * i]) * 16 + hex_value(signature[2 * i + 1]));
    }
    const int recovery = bytes.back() - 27;
    if (recovery != 0 && recovery != 1) return std::nullopt;
    secp256k1_ecdsa_recoverable_signature parsed;
    secp256k1_ecdsa_signature plain;
    secp256k1_pubkey point;
    if (secp256k1_ecdsa_recoverable_signature_parse_compact(secp_context(), &parsed, bytes.data(), recovery) != 1) {
        return std::nullopt;
    }
    secp256k1_ecdsa_recoverable_signature_convert(secp_context(), &plain, &parsed);
    // A node takes the low s only.
    if (secp256k1_ecdsa_signature_normalize(secp_context(), nullptr, &plain) == 1) return std::nullopt;
    const auto hash = prefixed_hash(keccak256(message));
    if (secp256k1_ecdsa_recover(secp_context(), &point, &parsed, bytes_of(hash)) != 1) return std::nullopt;
    return "0x" + digits_of(point);
}

}  // namespace stipend::devnet
