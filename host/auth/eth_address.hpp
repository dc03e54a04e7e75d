// Addresses of wallets.
#pragma once

#include "ethereum/address.hpp"

namespace stipend::auth {

using EthAddress = ethereum::Address;

}  // namespace stipend::auth
