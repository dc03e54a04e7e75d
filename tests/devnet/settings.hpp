// What holds for the whole devnet from its start to its end.
#pragma once

#include <cstdint>
#include <string>

#include "stipend/duration.hpp"
#include "tests/devnet/wire.hpp"

namespace stipend::devnet {

struct Settings {
    Era era = Era::head;
    std::string secret = "orch-secret";
    std::string capability = "agent-net";
    std::int64_t capacity = 16;  // of the scripted workers
    std::int64_t ticket_ev_wei = 8'000'000'000;
    std::string deposit_wei = "100000000000000000";  // of the gateway's account
    std::string reserve_wei = "360000000000000000";
    std::int64_t usd_per_eth = 2500;        // of the price feed; 0: none
    bool every_sender_has_reserve = false;  // a price is stated to any sender, not to the gateway alone
    bool auto_adjust_price = true;          // a registered price is asked with what redeeming a ticket costs on top
    bool live_runners = false;              // orchestrators serve the routes of live runners
    std::int64_t runner_price_wei = 0;      // of the scripted runners, for each unit; 0: off chain, nothing is paid
    std::string runner_unit = "fixed";      // a call, or "seconds"
    bool runner_persistent = false;         // the scripted runners have sessions, and are no single-shot ones
    std::int64_t runner_ttl_ns = 20 * ns_per_s;
    std::int64_t runner_beat_ns = 5 * ns_per_s;  // of heartbeats, the sweep and the health checks
    std::size_t job_log = 1000;
    std::uint64_t seed = 1;
};

}  // namespace stipend::devnet
