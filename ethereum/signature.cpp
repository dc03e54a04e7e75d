#include "ethereum/signature.hpp"

#include <botan/system_rng.h>
#include <secp256k1_recovery.h>

#include <algorithm>
#include <exception>
#include <memory>

#include "ethereum/curve.hpp"
#include "stipend/hex.hpp"
#include "stipend/result.hpp"

namespace stipend::ethereum {
namespace {

constexpr std::size_t point_bytes = 65;  // the form's byte, x, y

// Half of the curve's order, rounded down: the highest low s.
constexpr std::array<std::uint8_t, 32> highest_low_s = {
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0};

struct FreeCurve {
    void operator()(secp256k1_context* context) const { secp256k1_context_destroy(context); }
};
using Curve = std::unique_ptr<secp256k1_context, FreeCurve>;

Curve make_curve() {
    Curve made(secp256k1_context_create(SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY));
    std::array<std::uint8_t, 32> seed{};
    try {
        Botan::system_rng().randomize(seed.data(), seed.size());
        STIPEND_ASSERT(secp256k1_context_randomize(made.get(), seed.data()) == 1);
    } catch (const std::exception&) {
        // Signatures are the same without it; it only hides the timing of a signer.
    }
    return made;
}

}  // namespace

const secp256k1_context* curve() {
    static const Curve made = make_curve();
    return made.get();
}

Address address_of(const secp256k1_pubkey& point) {
    std::array<std::uint8_t, point_bytes> plain{};
    std::size_t length = plain.size();
    secp256k1_ec_pubkey_serialize(curve(), plain.data(), &length, &point, SECP256K1_EC_UNCOMPRESSED);
    const auto hash = keccak256(std::span(plain).subspan<1>());
    const auto address = Address::of(std::span(hash).last<20>());
    STIPEND_ASSERT(address.has_value());
    return *address;
}

std::optional<Signature> Signature::of(std::span<const std::uint8_t, bytes> raw) {
    const int v = raw.back() >= 27 ? raw.back() - 27 : raw.back();
    if (v > 1) return std::nullopt;
    Signature out;
    std::copy_n(raw.begin(), out.r.size(), out.r.begin());
    std::copy_n(raw.begin() + 32, out.s.size(), out.s.begin());
    out.odd = v == 1;
    return out;
}

std::string Signature::text() const {
    return cat("0x", hex_encode(r), hex_encode(s), odd ? "1c" : "1b");
}

bool is_low_s(const Signature& signature) {
    return signature.s <= highest_low_s;
}

std::optional<Address> recover(const Hash256& digest, const Signature& signature) {
    std::array<std::uint8_t, 64> compact{};
    std::copy(signature.r.begin(), signature.r.end(), compact.begin());
    std::copy(signature.s.begin(), signature.s.end(), compact.begin() + 32);
    secp256k1_ecdsa_recoverable_signature parsed;
    secp256k1_pubkey point;
    if (secp256k1_ecdsa_recoverable_signature_parse_compact(curve(), &parsed, compact.data(), signature.odd ? 1 : 0) !=
            1 ||
        secp256k1_ecdsa_recover(curve(), &point, &parsed, digest.data()) != 1) {
        return std::nullopt;
    }
    return address_of(point);
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

}  // namespace stipend::ethereum
