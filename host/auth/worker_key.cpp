#include "host/auth/worker_key.hpp"

#include <botan/ed25519.h>

#include <exception>

#include "stipend/hex.hpp"

namespace stipend::auth {

Result<std::string> worker_key_of(std::string_view seed_hex) {
    Botan::secure_vector<std::uint8_t> seed(key_seed_bytes);
    if (!hex_decode(seed_hex, seed)) {
        return fail(STIPEND_E_INVALID, "not a key: got ", seed_hex.size(), " characters, want ", 2 * key_seed_bytes,
                    " hex digits");
    }
    try {
        const Botan::Ed25519_PrivateKey key(seed);
        return hex_encode(key.get_public_key());
    } catch (const std::exception& error) {
        return fail(STIPEND_E_INTERNAL, "the key cannot be made: ", error.what());
    }
}

}  // namespace stipend::auth
