#include "slot.hpp"

namespace evm {

using stipend::cat;
using stipend::fail;
using stipend::Result;
using stipend::SlotRequest;
using stipend::ethereum::BatchCall;
using stipend::ethereum::max_batch_payments;
using stipend::ethereum::TokenTransfer;

namespace {

bool is_batch(const SlotRequest& request) {
    return request.batch != decltype(request.batch){} && !request.payments.empty();
}

Result<void> check_count(const Settings& settings, const SlotRequest& request) {
    const auto count = request.payments.size();
    const bool batch = is_batch(request);
    if (!batch && count <= 1) return {};
    if (settings.token) {
        return fail(
            STIPEND_E_UNSUPPORTED, "got ", count, " payments", batch ? " of a batch" : "",
            " in a token, want at most one: a batch of them needs an approval first, for which there is no slot");
    }
    if (!batch) return fail(STIPEND_E_UNSUPPORTED, "got ", count, " payments and no batch id, want at most one");
    if (!settings.batch_contract) {
        return fail(STIPEND_E_UNSUPPORTED, "got ", count,
                    " payments of a batch, want at most one payment: no batch_contract is configured");
    }
    if (count > max_batch_payments) {
        return fail(STIPEND_E_LIMIT, "got a batch of ", count, " payments, want at most ", max_batch_payments);
    }
    return {};
}

Result<Payment> payment_of(const Settings& settings, const stipend_payment& raw) {
    const auto to = Address::of(raw.to);
    if (!to) return fail(STIPEND_E_INVALID, "a payment to the zero address");
    if (*to == *settings.payer) return fail(STIPEND_E_INVALID, "a payment to the payer itself, ", to->text());
    if (to == settings.batch_contract || (settings.token && *to == settings.token->contract)) {
        return fail(STIPEND_E_INVALID, "a payment to a contract that is configured, ", to->text());
    }
    Payment out{*to, Uint256::from_abi(raw.amount)};
    if (out.amount.zero()) return fail(STIPEND_E_INVALID, "a payment of 0 to ", to->text());
    return out;
}

// Makes the transaction pay what the order says.
Result<void> set_payload(const Settings& settings, const SlotRequest& request, Order& order) {
    auto& transaction = order.transaction;
    if (is_batch(request)) {
        transaction.to = *settings.batch_contract;
        STIPEND_SET(transaction.value, sum_of(order.payments));
        transaction.data = encode_call(BatchCall{.token = {}, .batch = request.batch, .payments = order.payments});
        return {};
    }
    const auto& payment = order.payments.front();
    if (settings.token) {
        order.token = settings.token->contract;
        transaction.to = *order.token;
        transaction.data = encode_call(TokenTransfer{payment});
        return {};
    }
    transaction.to = payment.to;
    transaction.value = payment.amount;
    return {};
}

}  // namespace

Result<Order> order_of(const Settings& settings, const SlotRequest& request) {
    if (request.payer != settings.payer->bytes()) {
        return fail(STIPEND_E_INVALID, "a slot of another payer: want ", settings.payer->text());
    }
    STIPEND_TRY(check_count(settings, request));
    using stipend::ethereum::TransactionType;
    Order out{.transaction = {.type = settings.legacy ? TransactionType::legacy : TransactionType::eip1559,
                              .chain_id = settings.chain_id,
                              .nonce = request.slot,
                              .max_priority_fee_per_gas = {},
                              .max_fee_per_gas = {},
                              .to = *settings.payer,
                              .value = {},
                              .data = {}},
              .payments = {},
              .token = {}};
    if (request.payments.empty()) return out;
    for (const auto& raw : request.payments) {
        STIPEND_LET(payment, payment_of(settings, raw));
        out.payments.push_back(std::move(payment));
    }
    STIPEND_TRY(set_payload(settings, request, out));
    return out;
}

Result<Order> order_with_fees(const Settings& settings, const SlotRequest& request) {
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

Result<void> check_payload(const Settings& settings, const Address& payer, const Transaction& transaction) {
    const bool gives_up = transaction.to == payer && transaction.value.zero();
    if (transaction.data.empty()) {
        if (gives_up || !settings.token) return {};
        return fail(STIPEND_E_INVALID, "nonce ", transaction.nonce, " pays coins, and the asset is a token");
    }
    STIPEND_LET(call, stipend::ethereum::decode_call(transaction.data));
    if (std::holds_alternative<TokenTransfer>(call)) {
        const bool ours = settings.token && transaction.to == settings.token->contract && transaction.value.zero();
        if (ours) return {};
    } else if (const auto* batch = std::get_if<BatchCall>(&call); batch != nullptr && !batch->token) {
        const auto sum = sum_of(batch->payments);
        if (transaction.to == settings.batch_contract && sum && *sum == transaction.value) return {};
    }
    return fail(STIPEND_E_INVALID, "nonce ", transaction.nonce, " has a call of ", transaction.to.text(),
                " that pays nothing in the configured way");
}

}  // namespace evm
