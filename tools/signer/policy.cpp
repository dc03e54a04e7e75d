#include "tools/signer/policy.hpp"

#include <algorithm>
#include <map>

namespace stipend::signer {
namespace {

using ethereum::BatchCall;
using ethereum::TokenApproval;
using ethereum::TokenTransfer;

bool is_no_op(const Transaction& transaction, const Address& payer) {
    return transaction.to == payer && transaction.value.zero() && transaction.data.empty();
}

Judged<Purpose> read_token_call(const Transaction& transaction, const Claim& claim, const ethereum::Call& call,
                                const Settings& settings) {
    if (const auto* transfer = std::get_if<TokenTransfer>(&call)) {
        return Purpose{Kind::payment, transaction.to, {transfer->payment}};
    }
    const auto* approval = std::get_if<TokenApproval>(&call);
    if (approval == nullptr) return refuse("not_payable", "a batch is called on a token's contract");
    if (approval->spender != settings.batch_contract) {
        return refuse("not_payable", "an approval for ", approval->spender.text(), ", want the batch contract");
    }
    const auto sum = sum_of(claim.payments);
    if (!sum || !(*sum == approval->amount)) {
        return refuse("claim_differs", "an approval of ", approval->amount.text(),
                      ", want exactly the sum of its batch, ", sum ? sum->text() : sum.error().message);
    }
    return Purpose{Kind::approval, transaction.to, claim.payments};
}

Judged<Purpose> read_batch(const Transaction& transaction, const ethereum::Call& call) {
    const auto* batch = std::get_if<BatchCall>(&call);
    if (batch == nullptr)
        return refuse("not_payable", "the batch contract is called by another function than pay and payToken");
    const auto sum = batch->token ? Result<Uint256>(Uint256()) : sum_of(batch->payments);
    if (!sum || !(*sum == transaction.value)) {
        return refuse("not_payable", "a batch with a value of ", transaction.value.text(), ", want ",
                      sum ? sum->text() : sum.error().message);
    }
    return Purpose{Kind::batch, batch->token, batch->payments};
}

Judged<Purpose> read_purpose(const Transaction& transaction, const Claim& claim, const Address& payer,
                             const Settings& settings) {
    if (is_no_op(transaction, payer)) return Purpose{};
    const bool of_batch = transaction.to == settings.batch_contract;
    const bool of_token = settings.limits_of(transaction.to) != nullptr;
    if (transaction.data.empty()) {
        if (of_batch || of_token)
            return refuse("not_payable", "a contract that would keep the coins: ", transaction.to.text());
        return Purpose{Kind::payment, {}, {{transaction.to, transaction.value}}};
    }
    if (!of_batch && !of_token) {
        return refuse("not_payable", "a call of ", transaction.to.text(),
                      ", want a configured token or the batch contract");
    }
    const auto call = ethereum::decode_call(transaction.data);
    if (!call) return refuse("not_payable", call.error().message);
    if (of_batch) return read_batch(transaction, *call);
    if (!transaction.value.zero()) return refuse("not_payable", "a call of a token with a value, want 0");
    return read_token_call(transaction, claim, *call, settings);
}

std::string payee_sum(const Asset& asset, const Address& payee) {
    return cat(asset_text(asset), ":", payee.text());
}

}  // namespace

std::string_view name_of(Kind kind) {
    switch (kind) {
        case Kind::payment:
            return "payment";
        case Kind::batch:
            return "batch";
        case Kind::approval:
            return "approval";
        case Kind::no_op:
            return "no_op";
    }
    return "unknown";
}

Judged<Purpose> purpose_of(const Transaction& transaction, const Claim& claim, const Address& payer,
                           const Settings& settings) {
    if (const auto fit = check(transaction); !fit) return refuse("not_payable", fit.error().message);
    if (transaction.type != settings.transactions) {
        const bool legacy = transaction.type == ethereum::TransactionType::legacy;
        return refuse("not_payable", legacy ? "a legacy transaction, want one of type 2"
                                            : "a transaction of type 2, want a legacy one (`transactions: legacy`)");
    }
    if (transaction.chain_id != settings.chain_id) {
        return refuse("wrong_chain", "got chain ", transaction.chain_id, ", want ", settings.chain_id);
    }
    auto judged = read_purpose(transaction, claim, payer, settings);
    const auto* purpose = std::get_if<Purpose>(&judged);
    if (purpose == nullptr) return judged;
    if (settings.limits_of(purpose->asset) == nullptr && purpose->kind != Kind::no_op) {
        return refuse("not_payable", "an asset without limits: ", asset_text(purpose->asset));
    }
    if (purpose->asset != claim.asset || purpose->payments != claim.payments) {
        return refuse("claim_differs", "the transaction pays something else than the request says: it pays ",
                      purpose->payments.size(), " payees in ", asset_text(purpose->asset));
    }
    return judged;
}

std::optional<Refusal> check_gas(const Transaction& transaction, const Settings& settings) {
    if (transaction.gas_limit > settings.max_gas) {
        return refuse("gas_limit", "got a gas limit of ", transaction.gas_limit, ", want at most ", settings.max_gas);
    }
    if (settings.max_fee_per_gas < transaction.max_fee_per_gas) {
        return refuse("fee_limit", "got a fee of ", transaction.max_fee_per_gas.text(), " wei per gas, want at most ",
                      settings.max_fee_per_gas.text());
    }
    return std::nullopt;
}

std::optional<Refusal> check_payments(const Purpose& purpose, const Address& payer, const Settings& settings) {
    for (const auto& [to, amount] : purpose.payments) {
        if (to == payer || to == settings.batch_contract || settings.limits_of(to) != nullptr) {
            return refuse("payee", "got the payee ", to.text(),
                          ", want neither the payer nor a contract that is configured");
        }
        if (settings.payees && !std::binary_search(settings.payees->begin(), settings.payees->end(), to)) {
            return refuse("payee", "got the payee ", to.text(), ", want one of `payees`");
        }
        if (amount.zero()) return refuse("amount", "got an amount of 0 for ", to.text());
        const auto& limit = settings.limits_of(purpose.asset)->per_payment;
        if (limit < amount) {
            return refuse("payment_limit", "got ", amount.text(), " for ", to.text(), ", want at most ", limit.text());
        }
    }
    return std::nullopt;
}

std::optional<Refusal> check_replacement(const Transaction& transaction, Kind kind,
                                         const std::vector<Transaction>& attempts) {
    if (kind != Kind::no_op) {
        const auto difference = payload_difference(transaction, attempts.front());
        if (!difference.empty()) {
            return refuse("nonce_used", "nonce ", transaction.nonce, " was signed with another ", difference,
                          ", want the same or a no-op");
        }
    }
    for (const auto& attempt : attempts) {
        if (transaction.max_fee_per_gas < attempt.max_fee_per_gas ||
            transaction.max_priority_fee_per_gas < attempt.max_priority_fee_per_gas) {
            return refuse("fee_lower", "nonce ", transaction.nonce, " was signed with higher fees: got ",
                          transaction.max_fee_per_gas.text(), " and ", transaction.max_priority_fee_per_gas.text(),
                          ", want at least ", attempt.max_fee_per_gas.text(), " and ",
                          attempt.max_priority_fee_per_gas.text());
        }
    }
    return std::nullopt;
}

Judged<std::vector<Count>> counts_of(const Purpose& purpose, const Settings& settings) {
    std::vector<Count> out;
    if (purpose.kind == Kind::approval || purpose.kind == Kind::no_op) return out;
    const auto& limits = *settings.limits_of(purpose.asset);
    const auto total = sum_of(purpose.payments);
    if (!total) return refuse("day_limit", total.error().message);
    out.push_back({asset_text(purpose.asset), *total, limits.per_day, "day_limit"});
    std::map<Address, Uint256> payees;  // one may be there several times
    for (const auto& [to, amount] : purpose.payments) {
        auto& sum = payees[to];
        sum = *sum.plus(amount);  // no more than the total
    }
    for (const auto& [to, amount] : payees) {
        out.push_back({payee_sum(purpose.asset, to), amount, limits.per_payee_day, "payee_day_limit"});
    }
    return out;
}

}  // namespace stipend::signer
