#include "ethereum/key.hpp"

#include <botan/system_rng.h>
#include <secp256k1_recovery.h>

#include <algorithm>
#include <exception>

#include "ethereum/curve.hpp"

namespace stipend::ethereum {

Result<PrivateKey> PrivateKey::generate() {
    STIPEND_LET(memory, LockedMemory::create(size));
    try {
        Botan::system_rng().randomize(memory.bytes().data(), size);
    } catch (const std::exception& error) {
        return fail(STIPEND_E_INTERNAL, "no random bytes for a key: ", error.what());
    }
    return of(std::move(memory));  // fails with probability 2^-127
}

Result<PrivateKey> PrivateKey::from_bytes(std::span<const std::uint8_t, size> secret) {
    STIPEND_LET(memory, LockedMemory::create(size));
    std::copy(secret.begin(), secret.end(), memory.bytes().begin());
    return of(std::move(memory));
}

Result<PrivateKey> PrivateKey::of(LockedMemory memory) {
    secp256k1_pubkey point;
    if (secp256k1_ec_pubkey_create(curve(), &point, memory.bytes().data()) != 1) {
        return fail(STIPEND_E_INVALID, "not a key: want a number from 1 to below the curve's order");
    }
    return PrivateKey(std::move(memory), address_of(point));
}

Signature PrivateKey::sign(const Hash256& digest) const {
    secp256k1_ecdsa_recoverable_signature made;
    const int is_made = secp256k1_ecdsa_sign_recoverable(curve(), &made, digest.data(), secret().data(),
                                                         secp256k1_nonce_function_rfc6979, nullptr);
    STIPEND_ASSERT(is_made == 1);
    std::array<std::uint8_t, 64> compact{};
    int recovery = 0;
    secp256k1_ecdsa_recoverable_signature_serialize_compact(curve(), compact.data(), &recovery, &made);
    // 2 and 3 say that r is beyond the field's difference from the order: a probability of 2^-127.
    STIPEND_ASSERT(recovery == 0 || recovery == 1);
    Signature out;
    std::copy_n(compact.begin(), 32, out.r.begin());
    std::copy_n(compact.begin() + 32, 32, out.s.begin());
    out.odd = recovery == 1;
    return out;
}

}  // namespace stipend::ethereum
