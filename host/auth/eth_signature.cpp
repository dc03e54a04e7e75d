#include "host/auth/eth_signature.hpp"

#include <secp256k1.h>
#include <secp256k1_recovery.h>

#include <array>
#include <memory>
#include <span>

#include "host/base/keccak.hpp"
#include "stipend/hex.hpp"

namespace stipend::auth {
namespace {

constexpr std::size_t signature_bytes = 65;  // r || s || v
constexpr std::size_t point_bytes = 65;      // the form's byte, x, y

struct FreeContext {
    void operator()(secp256k1_context* context) const { secp256k1_context_destroy(context); }
};

// Of no secret, and used by const functions only, so it is shared by all threads.
const secp256k1_context* verify_context() {
    static const std::unique_ptr<secp256k1_context, FreeContext> made(
        secp256k1_context_create(SECP256K1_CONTEXT_VERIFY));
    return made.get();
}

Hash256 personal_digest(std::string_view message) {
    return Keccak()
        .add(
            "\x19"
            "Ethereum Signed Message:\n")
        .add(std::to_string(message.size()))
        .add(message)
        .finish();
}

// The recovery id of a wallet's v, or -1.
int recovery_of(std::uint8_t v) {
    if (v == 27 || v == 28) return v - 27;
    return v <= 1 ? v : -1;
}

}  // namespace

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
    std::array<std::uint8_t, signature_bytes> bytes{};
    if (!signature.starts_with("0x") || !hex_decode(signature.substr(2), bytes)) return SignatureFault::malformed;
    const int recovery = recovery_of(bytes.back());
    if (recovery < 0) return SignatureFault::bad_recovery;
    const auto* context = verify_context();
    secp256k1_ecdsa_recoverable_signature recoverable;
    if (secp256k1_ecdsa_recoverable_signature_parse_compact(context, &recoverable, bytes.data(), recovery) != 1) {
        return SignatureFault::no_key;
    }
    secp256k1_ecdsa_signature plain;
    secp256k1_ecdsa_recoverable_signature_convert(context, &plain, &recoverable);
    if (secp256k1_ecdsa_signature_normalize(context, nullptr, &plain) == 1) return SignatureFault::high_s;
    secp256k1_pubkey key;
    if (secp256k1_ecdsa_recover(context, &key, &recoverable, personal_digest(message).data()) != 1) {
        return SignatureFault::no_key;
    }
    std::array<std::uint8_t, point_bytes> point{};
    std::size_t length = point.size();
    secp256k1_ec_pubkey_serialize(context, point.data(), &length, &key, SECP256K1_EC_UNCOMPRESSED);
    const auto hash = keccak256({reinterpret_cast<const char*>(point.data()) + 1, point.size() - 1});
    const auto address = EthAddress::of(std::span(hash).last<20>());
    if (!address) return SignatureFault::no_key;
    return *address;
}

}  // namespace stipend::auth
