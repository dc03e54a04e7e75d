// What a transaction that was executed has done, by its receipt's events. Pure.
#pragma once

#include "slot.hpp"
#include "transactions.hpp"

namespace evm {

// The contract whose events say what an attempt has done; nothing for a payment in coins to one payee, whose status
// says all. UNSUPPORTED: a batch, where no contract pays one.
[[nodiscard]] stipend::Result<std::optional<Address>> watched_contract(const Settings& settings,
                                                                       const stipend::Attempt& attempt);

struct Outcome {
    std::vector<std::uint8_t> paid = {};  // of a batch: 1 or 0 for each payment
    std::string other = {};  // what a transfer has done instead of moving its amount to its payee; empty: it did
};
// The receipt's status is 1. INVALID: the transaction is not the payer's, or pays in another way than the configured
// one, or a batch's events are not exactly its own, so that nothing is known of what it paid.
[[nodiscard]] stipend::Result<Outcome> outcome_of(const Settings& settings, const stipend::Attempt& attempt,
                                                  stipend::ethereum::ByteView raw, const Receipt& receipt);

}  // namespace evm
