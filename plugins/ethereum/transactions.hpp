// What a node says of a transaction. Pure. A node's word on a receipt is worth one vote; its word on a transaction's
// fields is worth nothing, or all: they make the bytes whose hash was asked for.
#pragma once

#include <optional>
#include <vector>

#include "ethereum/batch_contract.hpp"
#include "ethereum/transaction.hpp"
#include "rpc.hpp"

namespace evm {

using stipend::ethereum::Log;
using stipend::ethereum::SignedTransaction;

struct Receipt {
    std::uint64_t block = 0;
    Bytes32 block_hash{};
    bool executed = false;
    Uint256 fee;            // wei: gas used x price, and what the chain takes beside it
    std::vector<Log> logs;  // of the contract that is watched, in their order

    friend bool operator==(const Receipt&, const Receipt&) = default;
};
// Nothing where the node has none. INVALID also: of another transaction than `id`, or with logs that are not its own or
// of one that was reverted.
[[nodiscard]] stipend::Result<std::optional<Receipt>> read_receipt(
    const RpcAnswer& answer, const Bytes32& id, const std::optional<Address>& watched = std::nullopt);
// Whether the node knows the transaction. INVALID also: it answers with another one.
[[nodiscard]] stipend::Result<bool> read_known(const RpcAnswer& answer, const Bytes32& id);
// The bytes whose hash `id` is; nothing where the node's fields are not those of such a transaction.
[[nodiscard]] std::optional<Bytes> read_shown(const RpcAnswer& answer, const Bytes32& id);
// The id that the node gives to what it took. INVALID also: another one.
[[nodiscard]] stipend::Result<void> read_taken(const RpcAnswer& answer, const Bytes32& id);

// Bytes of a transaction, of any signer. INVALID: of another chain.
[[nodiscard]] stipend::Result<SignedTransaction> read_signed(const Settings& settings, stipend::ethereum::ByteView raw);
// The same. INVALID also: not of the payer.
[[nodiscard]] stipend::Result<SignedTransaction> read_own(const Settings& settings, stipend::ethereum::ByteView raw);

}  // namespace evm
