// What an order would take, and whether the chain would execute it. Pure.
#pragma once

#include "account.hpp"
#include "slot.hpp"

namespace evm {

// What an endpoint says of the gas.
struct GasView {
    std::string refusal;  // why the chain would not execute it; empty: it would
    std::uint64_t gas = 0;
    std::uint64_t unused = 0;  // of it, what a batch holds back and does not use
};
[[nodiscard]] std::vector<RpcCall> gas_calls(const Settings& settings, const Order& order);
// INVALID also: an error of another kind than of an execution, funds that are too low for the payment, or a contract
// that is not the configured one.
[[nodiscard]] stipend::Result<GasView> read_gas(const Settings& settings, const Order& order, Answers answers);

struct Estimate {
    std::string refusal = {};  // why it is not accepted; empty: it is
    std::uint64_t gas = 0;     // the limit to set
    std::uint64_t likely = 0;  // that it takes
};
// UNAVAILABLE: no quorum has an estimate, and none refuses.
[[nodiscard]] stipend::Result<Estimate> agreed_gas(const Settings& settings, const Order& order,
                                                   const Views<GasView>& views);

}  // namespace evm
