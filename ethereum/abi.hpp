// Calls of contracts that pay: an ERC-20 token's transfer and approve, and the batch contract's two ways to pay many.
// Each call has one text: other offsets, lengths, upper bytes or bytes behind it are refused. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <variant>
#include <vector>

#include "ethereum/address.hpp"
#include "ethereum/bytes.hpp"
#include "stipend/result.hpp"

namespace stipend::ethereum {

inline constexpr std::size_t max_batch_payments = 1'000;

struct Payment {
    Address to;
    Uint256 amount;  // in the smallest unit of its asset

    friend bool operator==(const Payment&, const Payment&) = default;
};

// transfer(address,uint256)
struct TokenTransfer {
    Payment payment;
    friend bool operator==(const TokenTransfer&, const TokenTransfer&) = default;
};
// approve(address,uint256)
struct TokenApproval {  // NOLINT(cppcoreguidelines-pro-type-member-init): an Address is never made without a value
    Address spender;
    Uint256 amount;
    friend bool operator==(const TokenApproval&, const TokenApproval&) = default;
};
// pay(bytes32 batch, address[] to, uint256[] amounts), in the chain's own coin; with a token
// payToken(address token, bytes32 batch, address[] to, uint256[] amounts).
struct BatchCall {
    std::optional<Address> token;
    Bytes32 batch{};
    std::vector<Payment> payments;  // 1 to max_batch_payments
    friend bool operator==(const BatchCall&, const BatchCall&) = default;
};

using Call = std::variant<TokenTransfer, TokenApproval, BatchCall>;

[[nodiscard]] Bytes encode_call(const Call& call);
// INVALID: none of these calls, or not in its one form.
[[nodiscard]] Result<Call> decode_call(ByteView data);

// The sum of the amounts. LIMIT beyond 2^256-1.
[[nodiscard]] Result<Uint256> sum_of(const std::vector<Payment>& payments);

}  // namespace stipend::ethereum
