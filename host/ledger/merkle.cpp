#include "host/ledger/merkle.hpp"

#include "host/base/sha256.hpp"
#include "stipend/result.hpp"

namespace stipend::ledger {
namespace {

// Leaves and inner nodes begin differently, so that none passes for the other.
constexpr std::uint8_t leaf_prefix = 0;
constexpr std::uint8_t node_prefix = 1;

Hash node_hash(Sha256Hasher& hash, const Hash& left, const Hash& right) {
    hash.add(node_prefix);
    hash.add(left);
    hash.add(right);
    return hash.finish();
}

// The level above: pairs, and what has no partner as it is. This gives the tree that the RFC defines from above.
std::vector<Hash> level_above(Sha256Hasher& hash, const std::vector<Hash>& level) {
    std::vector<Hash> out;
    out.reserve((level.size() + 1) / 2);
    for (std::size_t i = 0; i < level.size(); i += 2) {
        out.push_back(i + 1 < level.size() ? node_hash(hash, level[i], level[i + 1]) : level[i]);
    }
    return out;
}

}  // namespace

Hash MerkleTree::leaf_hash(std::string_view leaf) {
    Sha256Hasher hash;
    hash.add(leaf_prefix);
    hash.add(leaf);
    return hash.finish();
}

Hash MerkleTree::root() const {
    if (leaves_.empty()) return sha256({});
    Sha256Hasher hash;
    auto level = leaves_;
    while (level.size() > 1) level = level_above(hash, level);
    return level.front();
}

std::vector<Hash> MerkleTree::path(std::size_t index) const {
    STIPEND_ASSERT(index < leaves_.size());
    Sha256Hasher hash;
    std::vector<Hash> out;
    auto level = leaves_;
    for (; level.size() > 1; index /= 2) {
        if (const auto beside = index ^ 1; beside < level.size()) out.push_back(level[beside]);
        level = level_above(hash, level);
    }
    return out;
}

std::optional<Hash> MerkleTree::root_by(std::string_view leaf, std::uint64_t index, std::uint64_t size,
                                        std::span<const Hash> path) {
    if (index >= size) return {};
    Sha256Hasher hash;
    auto node = leaf_hash(leaf);
    auto last = size - 1;  // the last node of the level
    auto next = path.begin();
    for (; last > 0; index /= 2, last /= 2) {
        const bool right = index % 2 == 1;
        if (!right && index == last) continue;  // without a partner
        if (next == path.end()) return {};
        node = right ? node_hash(hash, *next, node) : node_hash(hash, node, *next);
        ++next;
    }
    return next == path.end() ? std::optional(node) : std::nullopt;
}

}  // namespace stipend::ledger
