// Signed heads: what the ledger says of a stretch of its chain, signed by the ledger's own key and kept outside of it.
// A ledger that is rewritten later does not match the heads that others hold; and by a head, a payee proves offline
// that a row, such as a decision about it, was in the chain then.
//
// A head covers the rows `first` to `last`, at most max_tree_rows, and the head after it begins behind them: each row
// is below one head. Its `hash` is the chain's at `last`, so that it vouches for all rows before as well. Its `root` is
// of the Merkle tree (merkle.hpp) whose leaves are these rows, each as: seq (8 bytes, big-endian), kind (1 byte), body
// (see canonical.hpp). What is signed is the SHA-256 of the text of `head_text`.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/ledger/archive_signature.hpp"
#include "host/ledger/canonical.hpp"
#include "host/ledger/ledger.hpp"
#include "host/ledger/merkle.hpp"
#include "stipend/json.hpp"

namespace stipend::ledger {

inline constexpr Seq max_tree_rows = 65'536;

struct SignedHead {
    TreeHead head;
    ArchiveSignature signature;
};

// Lines of text that end with a line feed: readable, and the same for everyone. [pure]
[[nodiscard]] std::string head_text(const TreeHead& head);
[[nodiscard]] Hash digest_of(const TreeHead& head);
[[nodiscard]] std::string leaf_of(Seq seq, AuditKind kind, std::string_view body);

[[nodiscard]] Json to_json(const SignedHead& head);
// INVALID: a member is missing or malformed, or the signature is not its signer's.
[[nodiscard]] Result<SignedHead> parse_signed_head(const Json& json);

// Signs the rows of `book` behind `previous`, by the key beside the ledger in `file`. Without `previous` it begins at
// the first row that is there. None: there is no new row. INVALID: a row does not follow from the one before; such a
// ledger is not signed for.
[[nodiscard]] Result<std::optional<SignedHead>> make_head(Ledger& book, const std::filesystem::path& file,
                                                          std::uint64_t chain_id,
                                                          const std::optional<SignedHead>& previous,
                                                          stipend_unix_ns now);

// That a row is below a head.
struct RowProof {
    SignedHead head;
    Seq seq = 0;
    AuditKind kind = AuditKind::decision;
    std::string body = {};
    std::vector<Hash> path = {};
};
// INVALID: `head` does not cover that row, or the rows are not those that were signed.
[[nodiscard]] Result<RowProof> prove(Ledger& book, const SignedHead& head, Seq seq);
[[nodiscard]] Json to_json(const RowProof& proof);
// INVALID: malformed, or it does not prove its row. What it returns is proven, as far as the signer is trusted.
[[nodiscard]] Result<RowProof> parse_row_proof(const Json& json);

}  // namespace stipend::ledger
