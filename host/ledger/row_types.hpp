// The types and limits that all records of the ledger share.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace stipend::ledger {

using OrchestratorId = std::int64_t;  // 1, 2, 3 ... in the order of their addition
using GenerationId = std::int64_t;    // 1, 2, 3 ... in the order of their update
using NetworkId = std::int64_t;       // 0: the coin of the ledger's chain; 1, 2, 3 ... in the order of their addition
using Seq = std::int64_t;             // position of a change in the audit chain: 1, 2, 3 ... without gaps
using Hash = std::array<std::uint8_t, 32>;

// Limits of one row; a batch that exceeds one is rejected as a whole.
inline constexpr std::size_t max_batch_rows = 65'536;  // of each kind
inline constexpr std::size_t max_key_bytes = 255;      // keys, addresses, names
inline constexpr std::size_t max_reason_bytes = 255;
inline constexpr std::size_t max_tier_bytes = 31;
inline constexpr std::size_t max_body_head_bytes = 128;
inline constexpr std::size_t max_text_bytes = 1 << 20;  // a generation's configuration, an event's body
inline constexpr std::size_t max_metadata_bytes = 4096;
inline constexpr std::size_t max_networks = 64;
inline constexpr std::size_t max_symbol_bytes = 16;
inline constexpr std::size_t max_address_bytes = 42;       // of a chain, as text
inline constexpr std::size_t max_objection_bytes = 2'000;  // an objection, and the reason that answers it

}  // namespace stipend::ledger
