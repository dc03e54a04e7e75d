// Which debts there are: those of a dry run or in earnest, of which chain, and in what asset.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/signed_wei.hpp"
#include "host/ledger/row_types.hpp"
#include "stipend/abi/types.h"
#include "stipend/result.hpp"

namespace stipend::ledger {

enum class Mode : std::uint8_t { dry_run, live };

// Which debts these are. Debts of a dry run have a namespace of their own, so that they can never be settled.
struct Namespace {
    Mode mode = Mode::dry_run;
    std::uint64_t chain_id = 0;
    [[nodiscard]] std::string text() const {  // "dry-run:42161", "live:42161"
        return cat(mode == Mode::live ? "live:" : "dry-run:", chain_id);
    }
};

inline constexpr std::uint32_t coin_decimals = 18;  // of the coin of every chain of Ethereum's kind

// A chain and an asset on it, in which debts are counted and paid. Never changed. Network 0, the coin of the ledger's
// own chain, has no row.
struct Network {
    NetworkId id = 0;  // one more than the last
    std::uint64_t chain_id = 0;
    std::string token = {};  // the contract, "0x" and 40 digits in lower case; empty: the coin of the chain
    std::uint32_t decimals = coin_decimals;  // of which the smallest unit is one
    std::string symbol = {};                 // for people: "USDC"
    stipend_unix_ns at = 0;
    friend bool operator==(const Network&, const Network&) = default;
    [[nodiscard]] bool is_token() const { return !token.empty(); }
    // What an amount is for people: "20 USDC".
    [[nodiscard]] std::string text_of(const SignedWei& units) const { return units_text(units, decimals, symbol); }
    // Chain and asset are the same; these are its key.
    [[nodiscard]] bool is_of(std::uint64_t chain, std::string_view asset) const {
        return chain_id == chain && token == asset;
    }
};
inline constexpr std::uint32_t max_decimals = 36;

// The one that people name "42161:USDC", by its chain and its symbol, or "42161:0x..." by its contract. INVALID: the
// text is neither, or none of `known` is it, or several are.
[[nodiscard]] Result<NetworkId> network_named(const std::vector<Network>& known, std::string_view text);

// The last accepted rate of a network's asset.
struct Price {
    std::int64_t usd_per_eth_e8 = 0;  // for one whole unit of the asset
    stipend_unix_ns at = 0;
    std::string source = {};
    NetworkId network = 0;
};

}  // namespace stipend::ledger
