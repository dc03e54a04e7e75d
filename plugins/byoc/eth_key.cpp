#include "eth_key.hpp"

#include <botan/hash.h>
#include <botan/system_rng.h>
#include <secp256k1.h>
#include <secp256k1_recovery.h>

#include <cctype>
#include <exception>
#include <memory>
#include <span>

#include "credential.hpp"
#include "stipend/ascii.hpp"
#include "stipend/hex.hpp"

namespace byoc {

using stipend::cat;
using stipend::fail;
using stipend::Result;

namespace {

std::string_view view_of(const Keccak256& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// The digest that personal_sign signs for a message of 32 bytes, here the hash of `message`.
Keccak256 signed_digest(std::string_view message) {
    return keccak256(
        cat("\x19"
            "Ethereum Signed Message:\n32",
            view_of(keccak256(message))));
}

struct ContextDeleter {
    void operator()(secp256k1_context* context) const { secp256k1_context_destroy(context); }
};

const secp256k1_context* context() {
    static const std::unique_ptr<secp256k1_context, ContextDeleter> made(
        secp256k1_context_create(SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY));
    return made.get();
}

// EIP-55: a letter is upper case if the hash of the lower-case digits has its high bit set at that position.
std::string checksummed(std::string digits) {
    const auto hash = keccak256(digits);
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const unsigned byte = hash[i / 2];
        const unsigned nibble = i % 2 == 0 ? byte >> 4 : byte & 15U;
        if (nibble >= 8) digits[i] = static_cast<char>(std::toupper(static_cast<unsigned char>(digits[i])));
    }
    return "0x" + digits;
}

// The last 20 bytes of the hash of the point, without the byte that names its form.
std::string address_of(const secp256k1_pubkey& point) {
    std::array<std::uint8_t, 65> plain{};
    std::size_t length = plain.size();
    secp256k1_ec_pubkey_serialize(context(), plain.data(), &length, &point, SECP256K1_EC_UNCOMPRESSED);
    const auto hash = keccak256({reinterpret_cast<const char*>(plain.data()) + 1, plain.size() - 1});
    return checksummed(stipend::hex_encode(std::span(hash).last(20)));
}

}  // namespace

Keccak256 keccak256(std::string_view text) {
    const auto hash = Botan::HashFunction::create_or_throw("Keccak-1600(256)");
    hash->update(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
    Keccak256 out{};
    hash->final(out.data());
    return out;
}

bool is_eth_address(std::string_view text) {
    return text.size() == 42 && text.starts_with("0x") && stipend::is_hex(text.substr(2));
}

Result<std::string> signer_of(std::string_view message, std::string_view signature) {
    if (signature.size() != eth_signature_bytes) {
        return fail(STIPEND_E_INVALID, "not a signature: got ", signature.size(), " bytes, want ", eth_signature_bytes);
    }
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(signature.data());
    const int recovery = bytes[64] >= 27 ? bytes[64] - 27 : bytes[64];
    if (recovery > 1) return fail(STIPEND_E_INVALID, "not a signature: its last byte is none of 0, 1, 27 and 28");
    secp256k1_ecdsa_recoverable_signature parsed;
    secp256k1_pubkey point;
    const auto digest = signed_digest(message);
    if (secp256k1_ecdsa_recoverable_signature_parse_compact(context(), &parsed, bytes, recovery) != 1 ||
        secp256k1_ecdsa_recover(context(), &point, &parsed, digest.data()) != 1) {
        return fail(STIPEND_E_INVALID, "not a signature: no key can have made it");
    }
    return address_of(point);
}

Result<EthKey> EthKey::generate() {
    std::array<std::uint8_t, 32> secret{};
    try {
        Botan::system_rng().randomize(secret.data(), secret.size());
    } catch (const std::exception& error) {
        return fail(STIPEND_E_INTERNAL, "no random bytes for a key: ", error.what());
    }
    return from_bytes(secret);  // fails with probability 2^-127
}

Result<EthKey> EthKey::from_bytes(const std::array<std::uint8_t, 32>& secret) {
    secp256k1_pubkey point;
    if (secp256k1_ec_pubkey_create(context(), &point, secret.data()) != 1) {
        return fail(STIPEND_E_INVALID, "not a key: want a number from 1 to below the curve's order");
    }
    EthKey key;
    key.secret_ = secret;
    key.address_ = address_of(point);
    return key;
}

std::string EthKey::sign(std::string_view message) const {
    const auto digest = signed_digest(message);
    secp256k1_ecdsa_recoverable_signature signature;
    STIPEND_ASSERT(
        secp256k1_ecdsa_sign_recoverable(context(), &signature, digest.data(), secret_.data(), nullptr, nullptr) == 1);
    std::array<std::uint8_t, eth_signature_bytes> bytes{};
    int recovery = 0;
    secp256k1_ecdsa_recoverable_signature_serialize_compact(context(), bytes.data(), &recovery, &signature);
    bytes[64] = static_cast<std::uint8_t>(27 + recovery);
    return "0x" + stipend::hex_encode(bytes);
}

std::string EthKey::address_header() const {
    return Credential{address_, sign(address_)}.header();
}

}  // namespace byoc
