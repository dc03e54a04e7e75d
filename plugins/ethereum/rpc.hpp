// JSON-RPC of a node: requests as text, and a strict decoder of what is answered. Pure. What a node answers is not
// trusted: whatever has not the one form that is wanted is INVALID, and no text of an error is read.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "settings.hpp"
#include "stipend/json.hpp"

namespace evm {

inline constexpr std::size_t max_rpc_answer_bytes = std::size_t{1} << 20;
inline constexpr std::size_t calls_in_request = 16;  // so that usual answers fit in the bytes above
inline constexpr std::size_t max_long_answer_bytes = std::size_t{8} << 20;  // of a request with more than one call

struct RpcCall {
    std::string method;
    std::string params;                                                // a JSON array
    std::size_t most_bytes = max_rpc_answer_bytes / calls_in_request;  // of its answer

    friend bool operator==(const RpcCall&, const RpcCall&) = default;
};

// A batch; the ids count from 1.
[[nodiscard]] std::string rpc_request(std::span<const RpcCall> calls);

struct RpcAnswer {
    bool refused = false;   // the node answered with an error
    std::int64_t code = 0;  // of the error
    stipend::Json result;   // of an answer that is none
};
using Answers = std::span<const RpcAnswer>;

// The answers to so many calls, in the order of the calls. INVALID: not an array of one answer for each id.
[[nodiscard]] stipend::Result<std::vector<RpcAnswer>> read_rpc(std::string_view body, std::size_t count,
                                                               std::size_t most_bytes = max_rpc_answer_bytes);

// "0x" and hex digits without leading zeros; zero is "0x0".
[[nodiscard]] std::string quantity_text(std::uint64_t number);
[[nodiscard]] std::string quantity_text(const Uint256& number);

// The result of an answer that is no error: an object, or nothing for null.
[[nodiscard]] stipend::Result<const stipend::Json*> object_of(const RpcAnswer& answer, std::string_view what);

// INVALID for each below: an error of the node, another type, another form.
[[nodiscard]] stipend::Result<Uint256> read_u256(const RpcAnswer& answer);
[[nodiscard]] stipend::Result<std::uint64_t> read_u64(const RpcAnswer& answer);
// INVALID: the node is of another chain.
[[nodiscard]] stipend::Result<void> check_chain(const RpcAnswer& answer, std::uint64_t chain_id);

struct Block {
    std::uint64_t number = 0;
    Bytes32 hash{};
    std::uint64_t at_s = 0;           // since 1970
    std::optional<Uint256> base_fee;  // wei per gas; nothing before EIP-1559
};
[[nodiscard]] RpcCall block_call(std::uint64_t number);
[[nodiscard]] RpcCall block_call(std::string_view tag);
// INVALID also: there is no such block, or it has another number than `wanted`.
[[nodiscard]] stipend::Result<Block> read_block(const RpcAnswer& answer, std::optional<std::uint64_t> wanted);

}  // namespace evm
