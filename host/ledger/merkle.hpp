// The Merkle tree of RFC 9162, section 2.1 (the same as RFC 6962's), over SHA-256: shows that one row belongs to a set
// of rows by about log2 of their number hashes, without the other rows.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "host/ledger/rows.hpp"

namespace stipend::ledger {

class MerkleTree {
  public:
    void add(std::string_view leaf) { leaves_.push_back(leaf_hash(leaf)); }
    [[nodiscard]] std::size_t size() const { return leaves_.size(); }
    // Of an empty tree: SHA-256 of nothing.
    [[nodiscard]] Hash root() const;
    // The hashes beside the way from leaf `index` (0 is the first one, and there is one of that number) to the root,
    // from below.
    [[nodiscard]] std::vector<Hash> path(std::size_t index) const;

    [[nodiscard]] static Hash leaf_hash(std::string_view leaf);
    // The root that a leaf has by its path in a tree of `size` leaves. None: that path has another length.
    [[nodiscard]] static std::optional<Hash> root_by(std::string_view leaf, std::uint64_t index, std::uint64_t size,
                                                     std::span<const Hash> path);

  private:
    std::vector<Hash> leaves_;
};

}  // namespace stipend::ledger
