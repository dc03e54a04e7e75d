// What the devnet's integration tests share.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <thread>

#include "stipend/json.hpp"
#include "tests/devnet/eth.hpp"
#include "tests/devnet/wire.hpp"

namespace stipend::devnet {

// Polls for what has no event outside the devnet.
template <class Condition>
bool eventually(Condition condition) {
    for (int i = 0; i < 500; ++i) {
        if (condition()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

// The header of a job for an orchestrator's own route.
inline std::string signed_header(std::string_view capability, int timeout_s = 5) {
    const auto key = EthKey::from_seed("poor");
    return "Livepeer: " + encode_base64(Json::object()
                                            .set("request", "{}")
                                            .set("parameters", "{}")
                                            .set("capability", capability)
                                            .set("sender", key.address())
                                            .set("sig", key.sign_text("{}{}"))
                                            .set("timeout_seconds", timeout_s)
                                            .dump());
}

}  // namespace stipend::devnet
