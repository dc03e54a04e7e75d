// What endpoints say of the newest blocks and of the payer, and what of it a quorum agrees upon. Pure.
#pragma once

#include <string>
#include <vector>

#include "contracts.hpp"

namespace evm {

// Answers of the endpoints, in their order; an error for one that failed or said what makes no sense.
template <class View>
using Views = std::vector<stipend::Result<View>>;

// What each endpoint that has failed did, for a message: without the rest of its URL, which may hold a key.
template <class View>
[[nodiscard]] std::string faults_text(const Settings& settings, const Views<View>& views) {
    std::string out;
    for (std::size_t at = 0; at < views.size(); ++at) {
        if (views[at]) continue;
        out += stipend::cat(out.empty() ? "" : "; ", settings.endpoints[at].shown, ": ", views[at].error().message);
    }
    return out;
}
// UNAVAILABLE: fewer than a quorum have answered.
template <class View>
[[nodiscard]] stipend::Result<void> check_quorum(const Settings& settings, const Views<View>& views) {
    std::size_t sound = 0;
    for (const auto& view : views) {
        if (view) ++sound;
    }
    if (sound >= settings.quorum) return {};
    return stipend::fail(STIPEND_E_UNAVAILABLE, sound, " of ", views.size(), " endpoints answer, want ",
                         settings.quorum, ": ", faults_text(settings, views));
}

struct Heads {
    std::uint64_t newest = 0;
    std::uint64_t final = 0;  // the newest block that can no longer be replaced
};
[[nodiscard]] std::vector<RpcCall> heads_calls(const Settings& settings);
[[nodiscard]] stipend::Result<Heads> read_heads(const Settings& settings, Answers answers);
// So many answers belong to heads_calls.
[[nodiscard]] std::size_t heads_count(const Settings& settings);
// The highest of each that a quorum has reached.
[[nodiscard]] stipend::Result<Heads> agreed_heads(const Settings& settings, const Views<Heads>& views);

struct AccountView {
    Block newest;
    Block final;
    std::uint64_t next_nonce = 0;
    std::uint64_t final_next_nonce = 0;
    Uint256 balance;
    Uint256 tip;  // that the node suggests; of legacy transactions, the price of gas
    ContractView contract;

    // What it can pay out, in the smallest unit of the asset.
    [[nodiscard]] const Uint256& funds(const Settings& settings) const {
        return settings.token ? contract.funds : balance;
    }
    [[nodiscard]] bool same_final(const AccountView& other) const;
    [[nodiscard]] bool same(const AccountView& other) const;  // but for the tip, which is each node's own
};
[[nodiscard]] std::vector<RpcCall> account_calls(const Settings& settings, const Heads& at);
[[nodiscard]] stipend::Result<AccountView> read_account(const Settings& settings, const Heads& at, Answers answers);

struct Account {
    AccountView view;       // the tip: the middle one
    bool disagree = false;  // an endpoint contradicts the quorum about what is final
};
// UNAVAILABLE: no quorum says the same.
[[nodiscard]] stipend::Result<Account> agreed_account(const Settings& settings, const Views<AccountView>& views);

struct SuggestedFees {
    Uint256 tip;
    Uint256 cap;
};
// What gas costs at least beside the tip. Of legacy transactions nothing; or what nodes suggest, where that is beyond
// max_fee_per_gas.
[[nodiscard]] Uint256 base_fee(const Settings& settings, const AccountView& view);
// The cap is 2 x base fee + tip; of legacy transactions both are the price of gas. Both are at most max_fee_per_gas.
[[nodiscard]] SuggestedFees suggested_fees(const Settings& settings, const AccountView& view);

}  // namespace evm
