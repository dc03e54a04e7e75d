// What a transaction that was executed has done, by its receipt's events. Pure.
#pragma once

#include "slot.hpp"
#include "transactions.hpp"

namespace evm {

// The contract whose events say what an attempt has done; nothing for a payment in coins to one payee, whose status
// says all. UNSUPPORTED: a batch, where no contract pays one.
[[nodiscard]] stipend::Result<std::optional<Address>> watched_contract(const Settings& settings,
                                                                       const stipend::Attempt& attempt);

// What became of each payment of a batch: 1 or 0; empty of an attempt that is none. The receipt's status is 1. INVALID:
// the events are not exactly those of the transaction, so that nothing is known of what it paid.
[[nodiscard]] stipend::Result<std::vector<std::uint8_t>> outcome_of(const Settings& settings,
                                                                    const stipend::Attempt& attempt,
                                                                    const Transaction& transaction,
                                                                    const Receipt& receipt);

}  // namespace evm
