// The configuration of a worker.
#pragma once

#include <cstdint>
#include <string>

#include "livepeer/server_trust.hpp"
#include "stipend/duration.hpp"
#include "stipend/json.hpp"

namespace byoc {

inline constexpr std::int64_t most_window_s = 7 * stipend::s_per_day;

struct WorkerSettings {
    std::string orchestrator;  // URL without a trailing slash
    std::string secret;
    livepeer::ServerTrust trust;
    std::string capability = "agent-net";
    std::string url = "http://localhost:9876";
    std::string description = "Watches services and reports their uptime";
    std::int64_t capacity = 16;                // jobs at once
    std::int64_t capacity_announced = 10'000;  // slots that are registered
    std::int64_t price_per_unit = 0;
    std::int64_t price_scaling = 1;
    std::string token;            // empty: none is required
    std::string orchestrator_id;  // printable
    std::uint32_t min_uptime_ppm = 800'000;
    std::uint32_t window_s = 60;
    std::int64_t probe_every_ns = 10 * stipend::ns_per_s;
    std::string key_seed;  // 64 hex digits; empty: the stored one
    std::string listener = "worker";
    bool registers = true;
};

// Pure; errors carry the JSON pointer of the value.
stipend::Result<WorkerSettings> parse_worker_settings(const stipend::Json& config);

}  // namespace byoc
