// The signer's configuration: a YAML file, read once.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ethereum/address.hpp"
#include "ethereum/bytes.hpp"
#include "ethereum/transaction.hpp"
#include "stipend/result.hpp"

namespace stipend::signer {

using ethereum::Address;
using ethereum::Uint256;

// A token's contract; none is the chain's own coin.
using Asset = std::optional<Address>;
// "native", or the token's address.
[[nodiscard]] std::string asset_text(const Asset& asset);
[[nodiscard]] std::optional<Asset> parse_asset(std::string_view text);

// In the asset's smallest unit; days are UTC days.
struct AssetLimits {
    Asset asset;
    Uint256 per_payment;
    Uint256 per_payee_day;
    Uint256 per_day;
};

struct Settings {
    std::uint64_t chain_id = 0;
    std::string keystore;               // an absolute path
    std::string passphrase_file;        // an absolute path; empty: a credential
    std::string passphrase_credential;  // the name of a file in $CREDENTIALS_DIRECTORY
    std::string state;                  // an absolute path
    std::string socket;                 // an absolute path
    std::vector<uid_t> users;           // that may connect
    std::optional<Address> batch_contract;
    ethereum::TransactionType transactions = ethereum::TransactionType::eip1559;  // no other is signed
    Uint256 max_fee_per_gas;                                                      // wei
    std::uint64_t max_gas = 0;
    Uint256 max_fees_per_day;  // wei: gas limit x fee of all transactions
    std::vector<AssetLimits> assets;
    std::optional<std::vector<Address>> payees;  // none: any

    // The limits of an asset; NULL where it is not listed.
    [[nodiscard]] const AssetLimits* limits_of(const Asset& asset) const;
};

// CONFIG with all that is wrong, each with file, line and column.
[[nodiscard]] Result<Settings> load_settings(const std::string& file);
[[nodiscard]] Result<Settings> read_settings(const std::string& file, std::string text);

}  // namespace stipend::signer
