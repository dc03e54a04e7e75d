// Recursive length prefix: how Ethereum writes transactions. Each value has one text; any other is refused. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ethereum/bytes.hpp"
#include "stipend/result.hpp"

namespace stipend::ethereum {

// Appends one item. Numbers are written without leading zeros, zero as an empty text.
void append_rlp(Bytes& out, ByteView text);
void append_rlp(Bytes& out, std::uint64_t number);
void append_rlp(Bytes& out, const Uint256& number);
// The list of the items in `payload`, behind `prefix`.
[[nodiscard]] Bytes rlp_list(ByteView payload, ByteView prefix = {});

struct RlpLimits {
    std::size_t bytes = std::size_t{128} << 10;
    std::size_t depth = 4;    // of lists
    std::size_t items = 256;  // all of them, at any depth
};

struct RlpItem {
    bool list = false;
    ByteView text;               // of a text; borrowed from the input
    std::vector<RlpItem> items;  // of a list
};

// Reads one item, with nothing behind it. INVALID with the offset: cut off, a length or a single byte that is not
// written in its shortest form. LIMIT: larger or deeper than `limits`.
[[nodiscard]] Result<RlpItem> parse_rlp(ByteView input, RlpLimits limits = {});

// A number of an item. INVALID: a list, a leading zero, too many bytes.
[[nodiscard]] Result<std::uint64_t> rlp_u64(const RlpItem& item);
[[nodiscard]] Result<Uint256> rlp_u256(const RlpItem& item);

}  // namespace stipend::ethereum
