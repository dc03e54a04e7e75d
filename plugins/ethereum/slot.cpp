#include "slot.hpp"

#include <algorithm>

namespace evm {

using stipend::cat;
using stipend::fail;
using stipend::Result;

namespace {

constexpr std::uint64_t most_gas = 1'000'000'000;  // no block has more

Result<Payment> payment_of(const Settings& settings, const stipend_payment& raw) {
    const auto to = Address::of(raw.to);
    if (!to) return fail(STIPEND_E_INVALID, "a payment to the zero address");
    if (*to == *settings.payer) return fail(STIPEND_E_INVALID, "a payment to the payer itself, ", to->text());
    Payment out{*to, Uint256::from_abi(raw.amount)};
    if (out.amount.zero()) return fail(STIPEND_E_INVALID, "a payment of 0 to ", to->text());
    return out;
}

}  // namespace

Result<Order> order_of(const Settings& settings, const stipend::SlotRequest& request) {
    if (request.payer != settings.payer->bytes()) {
        return fail(STIPEND_E_INVALID, "a slot of another payer: want ", settings.payer->text());
    }
    const bool of_batch = request.batch != decltype(request.batch){};
    if (of_batch || request.payments.size() > 1) {
        return fail(STIPEND_E_UNSUPPORTED, "got ", request.payments.size(), " payments", of_batch ? " of a batch" : "",
                    ", want at most one: this version pays each by itself");
    }
    Order out{.transaction = {.chain_id = settings.chain_id,
                              .nonce = request.slot,
                              .max_priority_fee_per_gas = {},
                              .max_fee_per_gas = {},
                              .to = *settings.payer,
                              .value = {},
                              .data = {}},
              .payments = {}};
    if (request.payments.empty()) return out;
    STIPEND_LET(payment, payment_of(settings, request.payments.front()));
    out.transaction.to = payment.to;
    out.transaction.value = payment.amount;
    out.payments.push_back(std::move(payment));
    return out;
}

Result<Order> order_with_fees(const Settings& settings, const stipend::SlotRequest& request) {
    STIPEND_LET(order, order_of(settings, request));
    auto& transaction = order.transaction;
    transaction.max_priority_fee_per_gas = Uint256::from_abi(request.fees.tip_wei);
    transaction.max_fee_per_gas = Uint256::from_abi(request.fees.cap_wei);
    transaction.gas_limit = request.fees.gas;
    if (settings.max_fee_per_gas < transaction.max_fee_per_gas) {
        return fail(STIPEND_E_INVALID, "got a cap of ", transaction.max_fee_per_gas.text(),
                    " wei per gas, want at most ", settings.max_fee_per_gas.text());
    }
    if (transaction.gas_limit == 0) return fail(STIPEND_E_INVALID, "got a gas limit of 0, want an estimate");
    STIPEND_TRY(stipend::ethereum::check(transaction));
    return std::move(order);
}

std::vector<RpcCall> gas_calls(const Settings& settings, const Transaction& transaction) {
    const auto payer = settings.payer->text();
    return {{"eth_chainId", "[]"},
            {"eth_getBalance", cat("[\"", payer, "\",\"latest\"]")},
            {"eth_estimateGas", cat(R"([{"from":")", payer, R"(","to":")", transaction.to.text(), R"(","value":")",
                                    quantity_text(transaction.value), "\"}]")}};
}

Result<GasView> read_gas(const Settings& settings, const Transaction& transaction, Answers answers) {
    STIPEND_TRY(check_chain(answers[0], settings.chain_id));
    STIPEND_LET(balance, read_u256(answers[1]));
    // A node refuses that too, and it says nothing of the payee.
    if (balance < transaction.value) {
        return fail(STIPEND_E_INVALID, "the payer has ", balance.text(), " wei, less than the payment");
    }
    if (answers[2].refused) {
        // 3: reverted; -32000: what most nodes answer with for it. Others are about the request or the node.
        if (answers[2].code == 3 || answers[2].code == -32000) return GasView{.refused = true, .gas = 0};
        return fail(STIPEND_E_INVALID, "no estimate: error ", answers[2].code);
    }
    STIPEND_LET(gas, read_u64(answers[2]));
    if (gas == 0 || gas > most_gas) return fail(STIPEND_E_INVALID, "an estimate of ", gas, " gas");
    return GasView{.refused = false, .gas = gas};
}

Result<Estimate> agreed_gas(const Settings& settings, const Views<GasView>& views) {
    STIPEND_TRY(check_quorum(settings, views));
    std::uint64_t most = 0;
    std::size_t refused = 0;
    std::size_t estimated = 0;
    for (const auto& view : views) {
        if (!view) continue;
        most = std::max(most, view->gas);
        ++(view->refused ? refused : estimated);
    }
    if (refused >= settings.quorum) return Estimate{};
    if (estimated < settings.quorum) {
        return fail(STIPEND_E_UNAVAILABLE, "the endpoints disagree about a payment: ", estimated, " estimate its gas, ",
                    refused, " refuse, want ", settings.quorum);
    }
    return Estimate{.accepted = true, .gas = most + most * settings.gas_margin_percent / 100};
}

}  // namespace evm
