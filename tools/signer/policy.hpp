// What the signer signs: judged from the transaction itself, never from what the request says of it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ethereum/abi.hpp"
#include "ethereum/transaction.hpp"
#include "tools/signer/refusal.hpp"
#include "tools/signer/settings.hpp"

namespace stipend::signer {

using ethereum::Payment;
using ethereum::Transaction;

enum class Kind : std::uint8_t {
    payment,   // of the chain's own coin, or of a token
    batch,     // a call of the batch contract
    approval,  // lets the batch contract take exactly the sum of one batch of a token
    no_op,     // nothing, to the payer itself: takes a nonce that is given up
};
[[nodiscard]] std::string_view name_of(Kind kind);

// What the request states; the signer compares it with what it reads from the transaction.
struct Claim {
    Asset asset;
    std::vector<Payment> payments;
};

struct Purpose {
    Kind kind = Kind::no_op;
    Asset asset;
    std::vector<Payment> payments;  // of an approval: of the batch that it is for
};

// Reads what the transaction does. Refused: another kind, contract, chain or amount than are configured, and what
// differs from the claim.
[[nodiscard]] Judged<Purpose> purpose_of(const Transaction& transaction, const Claim& claim, const Address& payer,
                                         const Settings& settings);

// Gas limit and fees of one transaction.
[[nodiscard]] std::optional<Refusal> check_gas(const Transaction& transaction, const Settings& settings);
// Each payee and each amount.
[[nodiscard]] std::optional<Refusal> check_payments(const Purpose& purpose, const Address& payer,
                                                    const Settings& settings);
// A further transaction for a nonce with these attempts, the oldest first and at least one.
[[nodiscard]] std::optional<Refusal> check_replacement(const Transaction& transaction, Kind kind,
                                                       const std::vector<Transaction>& attempts);

// What a transaction adds to a sum of the day.
struct Count {
    std::string name;  // of the sum: "native", "native:0x...", "0x...", "0x...:0x...", "fees"
    Uint256 amount;
    Uint256 limit;
    std::string_view code;  // of the refusal
};
inline constexpr std::string_view fees_sum = "fees";

// The sums that a purpose adds to, each once; none for an approval and a no-op.
[[nodiscard]] Judged<std::vector<Count>> counts_of(const Purpose& purpose, const Settings& settings);

}  // namespace stipend::signer
