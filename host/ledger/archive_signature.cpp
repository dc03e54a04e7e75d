#include "host/ledger/archive_signature.hpp"

#include <botan/system_rng.h>

#include <exception>

#include "host/base/ed25519.hpp"
#include "host/base/file.hpp"
#include "stipend/hex.hpp"

namespace stipend::ledger {
namespace {

constexpr std::size_t seed_bytes = 32;

using Seed = Botan::secure_vector<std::uint8_t>;

Result<Seed> seed_of(const std::filesystem::path& ledger) {
    const auto file = std::filesystem::absolute(ledger).parent_path() / "archive.key";
    std::error_code none;
    if (!std::filesystem::exists(file, none)) {
        const auto seed = Botan::system_rng().random_vec(seed_bytes);
        STIPEND_TRY(make_private_file(file, hex_encode(seed) + "\n", ledger));
    }
    STIPEND_LET(text, read_file(file, 4096));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    Seed seed(seed_bytes);
    if (!hex_decode(text, seed)) {
        return fail(STIPEND_E_CONFIG, "ledger: ", file.string(), ": not a key to sign archives by: got ", text.size(),
                    " characters, want ", 2 * seed_bytes, " hex digits");
    }
    return seed;
}

}  // namespace

Result<ArchiveSignature> sign_digest(const std::filesystem::path& ledger, const Hash& digest) {
    try {
        STIPEND_LET(seed, seed_of(ledger));
        const auto own = std::span(seed).first<seed_bytes>();
        return ArchiveSignature{.signer = ed25519_public(own), .signature = ed25519_sign(own, digest)};
    } catch (const std::exception& error) {
        return fail(STIPEND_E_INTERNAL, "ledger: cannot sign by the ledger's key: ", error.what());
    }
}

bool verify_signature(const Hash& digest, const Hash& signer, std::span<const std::uint8_t> signature) {
    return ed25519_verify(signer, digest, signature);
}

}  // namespace stipend::ledger
