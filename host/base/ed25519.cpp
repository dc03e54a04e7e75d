#include "host/base/ed25519.hpp"

#include <botan/ed25519.h>
#include <botan/pubkey.h>
#include <botan/system_rng.h>

#include <algorithm>
#include <exception>

#include "stipend/result.hpp"

namespace stipend {
namespace {

constexpr const char* pure = "Pure";  // without prehashing

Botan::Ed25519_PrivateKey key_of(std::span<const std::uint8_t, 32> seed) {
    return Botan::Ed25519_PrivateKey(Botan::secure_vector<std::uint8_t>(seed.begin(), seed.end()));
}

}  // namespace

Ed25519Public ed25519_public(std::span<const std::uint8_t, 32> seed) {
    const auto key = key_of(seed);
    const auto& point = key.get_public_key();
    Ed25519Public out{};
    STIPEND_ASSERT(point.size() == out.size());
    std::copy(point.begin(), point.end(), out.begin());
    return out;
}

Ed25519Signature ed25519_sign(std::span<const std::uint8_t, 32> seed, std::span<const std::uint8_t> message) {
    const auto key = key_of(seed);
    Botan::PK_Signer signer(key, Botan::system_rng(), pure);
    const auto signature = signer.sign_message(message.data(), message.size(), Botan::system_rng());
    Ed25519Signature out{};
    STIPEND_ASSERT(signature.size() == out.size());
    std::copy(signature.begin(), signature.end(), out.begin());
    return out;
}

bool ed25519_verify(const Ed25519Public& key, std::span<const std::uint8_t> message,
                    std::span<const std::uint8_t> signature) {
    try {
        const Botan::Ed25519_PublicKey point(key.data(), key.size());
        Botan::PK_Verifier verifier(point, pure);
        return verifier.verify_message(message.data(), message.size(), signature.data(), signature.size());
    } catch (const std::exception&) {
        return false;  // not a valid key
    }
}

}  // namespace stipend
