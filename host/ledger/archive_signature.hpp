// Signatures by a key that belongs to the ledger, Ed25519 over a digest: of an archive, or of a head (signed_head.hpp).
// They prove the origin and the integrity to anyone with the public key; the ledger is not needed.
#pragma once

#include <array>
#include <filesystem>
#include <span>

#include "host/ledger/rows.hpp"
#include "stipend/result.hpp"

namespace stipend::ledger {

struct ArchiveSignature {
    Hash signer = {};
    std::array<std::uint8_t, 64> signature = {};
};

// Signs with the key in `archive.key` beside the ledger: 64 hex digits, mode 0600. Creates the key if there is none.
// CONFIG: the file does not hold a key. UNAVAILABLE: it cannot be read or written.
[[nodiscard]] Result<ArchiveSignature> sign_digest(const std::filesystem::path& ledger, const Hash& digest);

// True if `signature` is a valid signature of `digest` by `signer`; false also if one of them is malformed.
[[nodiscard]] bool verify_signature(const Hash& digest, const Hash& signer, std::span<const std::uint8_t> signature);

}  // namespace stipend::ledger
