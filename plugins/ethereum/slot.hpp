// What a slot pays, as a transaction. Pure.
#pragma once

#include <optional>
#include <vector>

#include "ethereum/abi.hpp"
#include "ethereum/transaction.hpp"
#include "settings.hpp"
#include "stipend/settlement.hpp"

namespace evm {

using stipend::ethereum::Payment;
using stipend::ethereum::Transaction;

struct Order {
    Transaction transaction;
    std::vector<Payment> payments;  // what it pays; none for a slot that is given up
    std::optional<Address> token;   // in which; nothing: the coin of the chain

    // Whether it calls the contract that is configured.
    [[nodiscard]] bool calls() const { return !transaction.data.empty(); }
    [[nodiscard]] bool batch() const { return calls() && !token; }
};
// The payments of the slot, without fees. INVALID: of another payer, to the payer, a configured contract or no address,
// or of nothing. UNSUPPORTED: a batch, where no contract pays one. LIMIT: a batch of too many.
[[nodiscard]] stipend::Result<Order> order_of(const Settings& settings, const stipend::SlotRequest& request);
// INVALID also: fees out of range or beyond max_fee_per_gas.
[[nodiscard]] stipend::Result<Order> order_with_fees(const Settings& settings, const stipend::SlotRequest& request);

// Whether order_of makes such a transaction for that payer. INVALID: it does not.
[[nodiscard]] stipend::Result<void> check_payload(const Settings& settings, const Address& payer,
                                                  const Transaction& transaction);

}  // namespace evm
