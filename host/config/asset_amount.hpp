// Amounts of the network's asset, as the configuration writes them.
#pragma once

#include <string_view>

#include "host/base/signed_wei.hpp"
#include "host/config/settings.hpp"
#include "stipend/result.hpp"

namespace stipend::config {

// "20 USDC", in smallest units, exactly; of the coin "0.02 ETH" and "500 gwei". INVALID: another unit, more decimals
// than the asset has, or beyond 10^18 whole units; the message says what was got and what is wanted. [pure]
[[nodiscard]] Result<SignedWei> units_of(std::string_view amount, const Asset& asset);

}  // namespace stipend::config
