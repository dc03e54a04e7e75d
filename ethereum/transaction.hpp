// Transactions as a payer makes them: EIP-1559 (type 2) and legacy with a chain id (EIP-155). Without contract
// creation, access lists, or blobs. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ethereum/address.hpp"
#include "ethereum/bytes.hpp"
#include "ethereum/keccak.hpp"
#include "ethereum/key.hpp"
#include "ethereum/signature.hpp"
#include "stipend/result.hpp"

namespace stipend::ethereum {

inline constexpr std::uint64_t max_chain_id = std::uint64_t{1} << 53;
inline constexpr std::size_t max_data_bytes = std::size_t{96} << 10;
inline constexpr std::size_t max_raw_bytes = std::size_t{128} << 10;  // what nodes take

enum class TransactionType : std::uint8_t { legacy = 0, eip1559 = 2 };

struct Transaction {
    TransactionType type = TransactionType::eip1559;
    std::uint64_t chain_id = 0;        // 1 to max_chain_id
    std::uint64_t nonce = 0;           // below 2^64-1 (EIP-2681)
    Uint256 max_priority_fee_per_gas;  // wei; of a legacy transaction the same as max_fee_per_gas
    Uint256 max_fee_per_gas;           // wei; of a legacy transaction its gas price
    std::uint64_t gas_limit = 0;
    Address to;
    Uint256 value;  // wei
    Bytes data;     // at most max_data_bytes

    friend bool operator==(const Transaction&, const Transaction&) = default;
};

// INVALID with the field: out of its range.
[[nodiscard]] Result<void> check(const Transaction& transaction);

// The hash that is signed; the same for the same transaction, whatever key signs it.
[[nodiscard]] Hash256 signing_hash(const Transaction& transaction);

// The most that its gas can cost, in wei: gas limit x fee. LIMIT beyond 2^256-1.
[[nodiscard]] Result<Uint256> max_gas_cost(const Transaction& transaction);

struct SignedTransaction {
    Transaction transaction;
    Signature signature;
    Address sender;
    Hash256 hash;  // by which nodes name it
    Bytes raw;     // what is sent
};

// The bytes that are sent, of whatever fields and signature.
[[nodiscard]] Bytes encode_signed(const Transaction& transaction, const Signature& signature);

// INVALID as `check`.
[[nodiscard]] Result<SignedTransaction> sign(Transaction transaction, const PrivateKey& key);

// Reads what `sign` wrote, byte by byte: nothing else decodes. INVALID with the field. LIMIT: too large.
[[nodiscard]] Result<SignedTransaction> decode_signed(ByteView raw);

// The name of the first field in which `a` cannot replace `b`: chain_id, nonce, to, value or data; empty where only
// fees and gas differ.
[[nodiscard]] std::string_view payload_difference(const Transaction& a, const Transaction& b);

}  // namespace stipend::ethereum
