#include "gas.hpp"

#include <algorithm>

namespace evm {

using stipend::cat;
using stipend::fail;
using stipend::Result;
using stipend::ethereum::hex_text;

namespace {

constexpr std::uint64_t most_gas = 1'000'000'000;  // no block has more
// What a payee of a batch that was cheap in an estimate costs more where its code burns all that it is given
// (PAYEE_GAS in BatchPayer.sol), with the event; and the way back of what was not paid.
constexpr std::uint64_t payee_burns_gas = 32'500;
constexpr std::uint64_t way_back_gas = 10'000;
constexpr std::uint64_t plain_payment_gas = 21'000;
// What has to be left before a batch's last payee is called (PAYEE_RESERVE), without what is used from there on by a
// payment to an account that exists, or to one that does not.
constexpr std::uint64_t unused_gas = 87'000;
constexpr std::uint64_t unused_gas_new_account = 62'000;
// Spare gas brings a limit no higher than this. Ethereum takes no transaction with more than 2^24 (EIP-7825).
constexpr std::uint64_t most_spare_gas = 16'000'000;

// The answers to gas_calls, in their order.
struct GasAnswers {
    const RpcAnswer& chain;
    const RpcAnswer& balance;
    const RpcAnswer& estimate;
    Answers contract;           // of contract_calls
    const RpcAnswer* transfer;  // of a payment in a token: what it would return
    const RpcAnswer* last;      // of a batch: the balance of its last payee
};

GasAnswers split(const Order& order, Answers answers) {
    if (!order.calls()) return {answers[0], answers[1], answers[2], {}, nullptr, nullptr};
    const auto contract = answers.subspan(3, answers.size() - 4);
    const auto* last = &answers.back();
    if (order.batch()) return {answers[0], answers[1], answers[2], contract, nullptr, last};
    return {answers[0], answers[1], answers[2], contract, last, nullptr};
}

std::string payee_text(const Order& order) {
    if (order.payments.size() == 1) return cat("a payment to ", order.payments.front().to.text());
    return cat("a batch of ", order.payments.size(), " payments");
}

// What a transfer says of itself. True alone is taken: nothing is also what an address without a contract returns.
Result<std::string> transfer_refusal(const Order& order, const RpcAnswer& answer) {
    const auto payment = payee_text(order);
    STIPEND_LET(returned, read_view(answer));
    if (!returned) return cat("the token reverts ", payment);
    if (returned->empty()) return cat("the token returns nothing for ", payment, ", want true");
    Bytes32 yes{};
    yes.back() = 1;
    if (std::ranges::equal(*returned, yes)) return std::string();
    const bool no = std::ranges::equal(*returned, Bytes32{});
    return cat("the token returns ", no ? "false" : "something else than true", " for ", payment);
}

std::uint64_t with_margin(const Settings& settings, std::uint64_t gas) {
    return gas + gas * settings.gas_margin_percent / 100;
}

// A limit by which the contract has the gas that it asks for, also with payees that behave otherwise than in the
// estimate. A batch that takes less than its payments would one by one is not made to take more.
std::uint64_t with_spare(const Settings& settings, const Order& order, std::uint64_t gas) {
    if (!order.batch()) return gas;
    const auto payees = order.payments.size();
    const auto singly = payees * with_margin(settings, plain_payment_gas);
    const auto most = std::min(most_spare_gas, gas < singly ? singly - 1 : most_spare_gas);
    return std::max(gas, std::min(gas + way_back_gas + payees * payee_burns_gas, most));
}

}  // namespace

std::vector<RpcCall> gas_calls(const Settings& settings, const Order& order) {
    const auto payer = settings.payer->text();
    const auto& transaction = order.transaction;
    const auto data = order.calls() ? cat(R"(","data":")", hex_text(transaction.data)) : std::string();
    std::vector<RpcCall> out{
        {"eth_chainId", "[]"},
        {"eth_getBalance", cat("[\"", payer, "\",\"latest\"]")},
        {"eth_estimateGas", cat(R"([{"from":")", payer, R"(","to":")", transaction.to.text(), R"(","value":")",
                                quantity_text(transaction.value), data, "\"}]")}};
    if (!order.calls()) return out;
    for (auto& call : contract_calls(settings, "latest")) out.push_back(std::move(call));
    if (order.token) {
        out.push_back(view_call(settings, transaction.to, transaction.data, "latest"));
    } else {
        out.push_back({"eth_getBalance", cat("[\"", order.payments.back().to.text(), "\",\"latest\"]")});
    }
    return out;
}

Result<GasView> read_gas(const Settings& settings, const Order& order, Answers all) {
    const auto answers = split(order, all);
    STIPEND_TRY(check_chain(answers.chain, settings.chain_id));
    STIPEND_LET(balance, read_u256(answers.balance));
    // A node refuses that too, and it says nothing of the payee.
    if (balance < order.transaction.value) {
        return fail(STIPEND_E_INVALID, "the payer has ", balance.text(), " wei, less than the payment");
    }
    if (order.calls()) {
        STIPEND_LET(contract, read_contract(settings, answers.contract));
        if (!contract.trouble.empty()) return fail(STIPEND_E_INVALID, contract.trouble);
        if (order.token && contract.funds < order.payments.front().amount) {
            return fail(STIPEND_E_INVALID, "the payer has ", contract.funds.text(),
                        " of the token's smallest unit, less than the payment");
        }
    }
    GasView out;
    if (answers.transfer != nullptr) {
        STIPEND_SET(out.refusal, transfer_refusal(order, *answers.transfer));
        if (!out.refusal.empty()) return out;
    }
    if (is_reverted(answers.estimate)) {
        out.refusal = cat("the chain refuses ", payee_text(order));
        return out;
    }
    if (answers.estimate.refused) return fail(STIPEND_E_INVALID, "no estimate: error ", answers.estimate.code);
    STIPEND_SET(out.gas, read_u64(answers.estimate));
    if (out.gas == 0 || out.gas > most_gas) return fail(STIPEND_E_INVALID, "an estimate of ", out.gas, " gas");
    if (answers.last != nullptr) {
        STIPEND_LET(held, read_u256(*answers.last));
        out.unused = std::min(out.gas - 1, held.zero() ? unused_gas_new_account : unused_gas);
    }
    return out;
}

Result<Estimate> agreed_gas(const Settings& settings, const Order& order, const Views<GasView>& views) {
    STIPEND_TRY(check_quorum(settings, views));
    std::uint64_t most = 0;
    std::uint64_t likely = 0;
    std::size_t refused = 0;
    std::size_t estimated = 0;
    std::string refusal;
    for (const auto& view : views) {
        if (!view) continue;
        most = std::max(most, view->gas);
        likely = std::max(likely, view->gas - view->unused);
        ++(view->refusal.empty() ? estimated : refused);
        if (refusal.empty()) refusal = view->refusal;
    }
    if (refused >= settings.quorum) return Estimate{.refusal = refusal};
    if (estimated < settings.quorum) {
        return fail(STIPEND_E_UNAVAILABLE, "the endpoints disagree about a payment: ", estimated, " estimate its gas, ",
                    refused, " refuse, want ", settings.quorum);
    }
    const Estimate out{
        .refusal = {}, .gas = with_spare(settings, order, with_margin(settings, most)), .likely = likely};
    if (order.payments.size() == 1 && !order.batch() && out.gas > settings.max_payment_gas) {
        return Estimate{.refusal = cat(payee_text(order), " takes ", out.gas, " gas, want at most ",
                                       settings.max_payment_gas, " (max_payment_gas)")};
    }
    return out;
}

}  // namespace evm
