// The gateway's own command line listener: what it answers to the programs of its operator.
#pragma once

#include "tests/devnet/account.hpp"
#include "tests/devnet/message.hpp"

namespace stipend::devnet {

// Answers /signMessage, /ethAddr, /senderInfo and /healthz.
[[nodiscard]] Reply cli_reply(const Account& account, const Request& request);

}  // namespace stipend::devnet
