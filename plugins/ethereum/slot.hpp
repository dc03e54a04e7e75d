// What a slot pays as a transaction, and what it would take. Pure.
#pragma once

#include "account.hpp"
#include "ethereum/abi.hpp"
#include "ethereum/transaction.hpp"
#include "stipend/settlement.hpp"

namespace evm {

using stipend::ethereum::Payment;
using stipend::ethereum::Transaction;

struct Order {
    Transaction transaction;
    std::vector<Payment> payments;  // what it pays; none for a slot that is given up
};
// The payment of the slot, without fees. INVALID: of another payer, to the payer or to no address, or of nothing.
// UNSUPPORTED: a batch.
[[nodiscard]] stipend::Result<Order> order_of(const Settings& settings, const stipend::SlotRequest& request);
// INVALID also: fees out of range or beyond max_fee_per_gas.
[[nodiscard]] stipend::Result<Order> order_with_fees(const Settings& settings, const stipend::SlotRequest& request);

// What an endpoint says of the gas.
struct GasView {
    bool refused = false;
    std::uint64_t gas = 0;
};
[[nodiscard]] std::vector<RpcCall> gas_calls(const Settings& settings, const Transaction& transaction);
// INVALID also: an error of another kind than of an execution, or with a balance that is too low for the payment.
[[nodiscard]] stipend::Result<GasView> read_gas(const Settings& settings, const Transaction& transaction,
                                                Answers answers);

struct Estimate {
    bool accepted = false;
    std::uint64_t gas = 0;  // with the margin
};
// UNAVAILABLE: no quorum has an estimate, and none refuses.
[[nodiscard]] stipend::Result<Estimate> agreed_gas(const Settings& settings, const Views<GasView>& views);

}  // namespace evm
