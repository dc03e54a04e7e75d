#include "outcome.hpp"

#include <algorithm>

#include "ethereum/keccak.hpp"

namespace evm {

using stipend::cat;
using stipend::fail;
using stipend::Result;
using stipend::ethereum::BatchCall;
using stipend::ethereum::TokenTransfer;

namespace {

Bytes32 padded(const Address& address) {
    Bytes32 out{};
    std::copy(address.bytes().begin(), address.bytes().end(), out.end() - address.bytes().size());
    return out;
}

const Bytes32& transfer_signature() {
    static const Bytes32 out = stipend::keccak256("Transfer(address,address,uint256)");
    return out;
}

// Exactly one Transfer, of what was to be paid; otherwise, what there is instead. A token that takes a fee writes
// another one, or a lower amount.
std::string other_than(const Address& payer, const Payment& payment, const std::vector<Log>& logs) {
    std::vector<const Log*> transfers;
    for (const auto& log : logs) {
        if (!log.topics.empty() && log.topics.front() == transfer_signature()) transfers.push_back(&log);
    }
    if (transfers.size() != 1) return cat("the token wrote ", transfers.size(), " Transfer events, want one");
    const auto& log = *transfers.front();
    const std::vector<Bytes32> topics{transfer_signature(), padded(payer), padded(payment.to)};
    if (log.topics != topics) return "the token moved something between others than payer and payee";
    if (std::ranges::equal(log.data, stipend::ethereum::to_bytes32(payment.amount))) return {};
    if (log.data.size() != std::tuple_size_v<Bytes32>) return "the token wrote a Transfer event without one amount";
    return cat("the token moved ", stipend::ethereum::from_bytes32(std::span(log.data).first<32>()).text(), ", want ",
               payment.amount.text());
}

Result<Outcome> batch_outcome(const stipend::Attempt& attempt, const stipend::ethereum::SignedTransaction& made,
                              const BatchCall& call, const Receipt& receipt) {
    if (call.payments.size() != attempt.batch_count) {
        return fail(STIPEND_E_INVALID, "it is a batch of ", call.payments.size(), " payments, want ",
                    attempt.batch_count);
    }
    STIPEND_LET(outcomes, stipend::ethereum::outcomes_of(call, made.sender, made.transaction.to, receipt.logs));
    Outcome out;
    for (const auto& one : outcomes) out.paid.push_back(one.paid ? 1 : 0);
    return out;
}

}  // namespace

Result<std::optional<Address>> watched_contract(const Settings& settings, const stipend::Attempt& attempt) {
    if (settings.token && attempt.batch_count == 0) return std::optional(settings.token->contract);
    if (attempt.batch_count == 0) return std::optional<Address>();
    if (settings.batch_contract) return settings.batch_contract;
    return fail(STIPEND_E_UNSUPPORTED, "got a batch, and no batch_contract is configured");
}

Result<Outcome> outcome_of(const Settings& settings, const stipend::Attempt& attempt, stipend::ethereum::ByteView raw,
                           const Receipt& receipt) {
    // A payer that is not the present one any more has paid it, if its bytes are.
    STIPEND_LET(made, read_signed(settings, raw));
    const auto& transaction = made.transaction;
    STIPEND_TRY(check_payload(settings, made.sender, transaction));
    if (transaction.data.empty()) {
        // A slot that was given up pays nothing, whatever it was for.
        if (attempt.batch_count != 0 && transaction.to != made.sender) {
            return fail(STIPEND_E_INVALID, "it is no batch, and one was sent");
        }
        return Outcome{.paid = std::vector<std::uint8_t>(attempt.batch_count)};
    }
    STIPEND_LET(call, stipend::ethereum::decode_call(transaction.data));
    if (const auto* batch = std::get_if<BatchCall>(&call)) {
        return batch_outcome(attempt, made, *batch, receipt);
    }
    if (attempt.batch_count != 0) return fail(STIPEND_E_INVALID, "it is no batch, and one was sent");
    return Outcome{.other = other_than(made.sender, std::get<TokenTransfer>(call).payment, receipt.logs)};
}

}  // namespace evm
