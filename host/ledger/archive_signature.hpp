// The signature of an archive: Ed25519 over its digest, by a key that belongs to the ledger. With the digest it shows
// to whoever knows the public key that the archive is this payer's, and whole, without the ledger.
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

// Signs by the key in `archive.key` beside the ledger, 64 hex digits that only the owner of the file may read; makes
// the key where there is none. CONFIG: the file holds something else. UNAVAILABLE: it cannot be read or written.
[[nodiscard]] Result<ArchiveSignature> sign_archive(const std::filesystem::path& ledger, const Hash& digest);

// Is `signature` that of `digest` by `signer`? False also where one of them is malformed.
[[nodiscard]] bool verify_signature(const Hash& digest, const Hash& signer, std::span<const std::uint8_t> signature);

}  // namespace stipend::ledger
