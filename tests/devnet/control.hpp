// The live control: a tester's HTTP requests to the devnet itself.
#pragma once

#include "tests/devnet/message.hpp"
#include "tests/devnet/network.hpp"

namespace stipend::devnet {

// Answers POST /fault, POST /gateway, GET /state, GET /jobs. Every reply is JSON; a refusal is 400 {"error": ...}.
// Opening and closing the gateway's listener after a change is the caller's part.
[[nodiscard]] Reply control(Network& network, const Request& request);

}  // namespace stipend::devnet
