#include "account.hpp"

#include <algorithm>

namespace evm {

using stipend::cat;
using stipend::fail;
using stipend::Result;

namespace {

// The highest number that `quorum` of them reach.
std::uint64_t reached(std::vector<std::uint64_t> numbers, std::size_t quorum) {
    std::sort(numbers.rbegin(), numbers.rend());
    return numbers[quorum - 1];
}

}  // namespace

std::size_t heads_count(const Settings& settings) {
    return settings.final_tag.empty() ? 2 : 3;
}

std::vector<RpcCall> heads_calls(const Settings& settings) {
    std::vector<RpcCall> out{{"eth_chainId", "[]"}, block_call("latest")};
    if (!settings.final_tag.empty()) out.push_back(block_call(settings.final_tag));
    return out;
}

Result<Heads> read_heads(const Settings& settings, Answers answers) {
    STIPEND_TRY(check_chain(answers[0], settings.chain_id));
    STIPEND_LET(newest, read_block(answers[1], std::nullopt));
    Heads out{.newest = newest.number, .final = 0};
    if (settings.final_tag.empty()) {
        out.final = newest.number - std::min(newest.number, settings.final_depth);
        return out;
    }
    STIPEND_LET(final, read_block(answers[2], std::nullopt));
    // The blocks of one batch may be of two moments, so the final one is not held to the newest.
    out.final = final.number;
    out.newest = std::max(out.newest, out.final);
    return out;
}

Result<Heads> agreed_heads(const Settings& settings, const Views<Heads>& views) {
    STIPEND_TRY(check_quorum(settings, views));
    std::vector<std::uint64_t> newest;
    std::vector<std::uint64_t> final;
    for (const auto& view : views) {
        if (!view) continue;
        newest.push_back(view->newest);
        final.push_back(view->final);
    }
    return Heads{reached(std::move(newest), settings.quorum), reached(std::move(final), settings.quorum)};
}

bool AccountView::same_final(const AccountView& other) const {
    return final.hash == other.final.hash && final_next_nonce == other.final_next_nonce;
}

bool AccountView::same(const AccountView& other) const {
    return same_final(other) && newest.hash == other.newest.hash && newest.at_s == other.newest.at_s &&
           newest.base_fee == other.newest.base_fee && next_nonce == other.next_nonce && balance == other.balance &&
           contract == other.contract;
}

std::vector<RpcCall> account_calls(const Settings& settings, const Heads& at) {
    const auto of_payer = [&](std::string method, std::uint64_t block) {
        return RpcCall{std::move(method), cat("[\"", settings.payer->text(), "\",\"", quantity_text(block), "\"]")};
    };
    std::vector<RpcCall> out{{"eth_chainId", "[]"},
                             block_call(at.newest),
                             block_call(at.final),
                             of_payer("eth_getTransactionCount", at.newest),
                             of_payer("eth_getTransactionCount", at.final),
                             of_payer("eth_getBalance", at.newest)};
    for (auto& call : contract_calls(settings, quantity_text(at.newest))) out.push_back(std::move(call));
    if (settings.legacy) {
        out.push_back({"eth_gasPrice", "[]"});
    } else if (!settings.tip) {
        out.push_back({"eth_maxPriorityFeePerGas", "[]"});
    }
    return out;
}

Result<AccountView> read_account(const Settings& settings, const Heads& at, Answers answers) {
    STIPEND_TRY(check_chain(answers[0], settings.chain_id));
    AccountView out;
    STIPEND_SET(out.newest, read_block(answers[1], at.newest));
    STIPEND_SET(out.final, read_block(answers[2], at.final));
    STIPEND_SET(out.next_nonce, read_u64(answers[3]));
    STIPEND_SET(out.final_next_nonce, read_u64(answers[4]));
    STIPEND_SET(out.balance, read_u256(answers[5]));
    STIPEND_SET(out.contract, read_contract(settings, answers.subspan(6)));
    if (settings.tip) {
        out.tip = *settings.tip;
    } else {
        STIPEND_SET(out.tip, read_u256(answers.back()));
    }
    if (!settings.legacy && !out.newest.base_fee) {
        return fail(STIPEND_E_INVALID,
                    "the newest block has no base fee: no chain of EIP-1559, which wants `transactions: legacy`");
    }
    if (out.final_next_nonce > out.next_nonce) {
        return fail(STIPEND_E_INVALID, "the payer has ", out.final_next_nonce, " transactions in final blocks and ",
                    out.next_nonce, " in all");
    }
    return out;
}

Result<Account> agreed_account(const Settings& settings, const Views<AccountView>& views) {
    STIPEND_TRY(check_quorum(settings, views));
    for (const auto& one : views) {
        if (!one) continue;
        Account out{.view = *one};
        std::size_t votes = 0;
        std::vector<Uint256> tips;
        for (const auto& other : views) {
            if (!other) continue;
            tips.push_back(other->tip);
            if (other->same(*one)) ++votes;
            out.disagree = out.disagree || !other->same_final(*one);
        }
        if (votes < settings.quorum) continue;
        std::sort(tips.begin(), tips.end());
        out.view.tip = tips[(tips.size() - 1) / 2];
        return out;
    }
    return fail(STIPEND_E_UNAVAILABLE, "the endpoints disagree about the payer: want ", settings.quorum,
                " that say the same");
}

Uint256 base_fee(const Settings& settings, const AccountView& view) {
    if (!settings.legacy) return *view.newest.base_fee;
    return settings.max_fee_per_gas < view.tip ? view.tip : Uint256();
}

SuggestedFees suggested_fees(const Settings& settings, const AccountView& view) {
    const auto& most = settings.max_fee_per_gas;
    if (settings.legacy) {
        const auto price = std::min(view.tip, most);
        return {.tip = price, .cap = price};
    }
    SuggestedFees out{.tip = std::min(view.tip, most), .cap = most};
    const auto& base = *view.newest.base_fee;
    if (most < base) return out;
    const auto cap = stipend::CheckedU256(base.value() * 2 + out.tip.value());  // `most` has 63 bits
    out.cap = std::min(Uint256(cap), most);
    return out;
}

}  // namespace evm
