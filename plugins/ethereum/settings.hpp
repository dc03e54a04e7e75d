// The configuration of the settlement plugin.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ethereum/address.hpp"
#include "ethereum/bytes.hpp"
#include "stipend/json.hpp"
#include "stipend/result.hpp"
#include "stipend/url_config.hpp"

namespace evm {

using stipend::ethereum::Address;
using stipend::ethereum::Bytes;
using stipend::ethereum::Bytes32;
using stipend::ethereum::Uint256;

inline constexpr std::size_t most_endpoints = 8;

struct Token {
    Address contract;
    std::uint64_t decimals = 0;  // of which its smallest unit is one
};

struct Settings {
    std::uint64_t chain_id = 0;
    std::optional<Address> payer;           // always there
    std::optional<Address> batch_contract;  // pays batches; of an instance that pays coins
    std::optional<Token> token;             // what is paid; nothing: the coin of the chain
    std::vector<stipend::ServerUrl> endpoints;
    std::size_t quorum = 0;  // more than half of them
    std::string signer_socket;
    std::string final_tag;          // finalized or safe; empty: by depth
    std::uint64_t final_depth = 0;  // blocks above
    bool legacy = false;            // transactions without EIP-1559: one price for gas, which is tip and cap
    Uint256 max_fee_per_gas;        // wei
    std::optional<Uint256> tip;     // wei per gas; not of legacy transactions
    std::uint64_t gas_margin_percent = 0;
    std::uint64_t max_payment_gas = 0;  // of a payment to one payee
    std::int64_t timeout_ns = 0;        // of one operation
};

// Pure; errors carry the JSON pointer of the value.
[[nodiscard]] stipend::Result<Settings> parse_settings(const stipend::Json& json);

}  // namespace evm
