// What holds for the whole devnet from its start to its end.
#pragma once

#include <cstdint>
#include <string>

#include "tests/devnet/wire.hpp"

namespace stipend::devnet {

struct Settings {
    Era era = Era::head;
    std::string secret = "orch-secret";
    std::string capability = "agent-net";
    std::int64_t capacity = 16;  // of the scripted workers
    std::int64_t ticket_ev_wei = 8'000'000'000;
    std::size_t job_log = 1000;
    std::uint64_t seed = 1;
};

}  // namespace stipend::devnet
