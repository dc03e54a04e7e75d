// What a worker beside an orchestrator is configured by, whichever way its jobs come.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "livepeer/server_trust.hpp"
#include "stipend/config.hpp"
#include "stipend/duration.hpp"

namespace livepeer {

inline constexpr std::int64_t most_window_s = 7 * stipend::s_per_day;

struct WorkerSettings {
    std::string orchestrator;  // URL without a trailing slash
    std::string secret;
    ServerTrust trust;
    bool registers = true;
    std::string capability = "agent-net";       // as answers name it
    std::string url = "http://localhost:9876";  // of this worker, for the orchestrator
    std::string prefix;                         // of the path of each route; empty, or "/live"
    std::string job_path;                       // after the prefix; empty: the capability
    std::int64_t capacity = 16;                 // jobs at once
    std::string token;                          // that a job has to carry; empty: none is required
    std::string orchestrator_id;                // printable
    std::uint32_t min_uptime_ppm = 800'000;
    std::uint32_t window_s = 60;
    std::string key_seed;  // 64 hex digits; empty: the stored one
    std::string listener = "worker";
};

// These read a part of a worker's configuration. Pure; errors carry the JSON pointer of the value.

// orchestrator, register, secret, orchestrator_id, and the rule for the certificate: tls, pin_sha256,
// orchestrator_cert and orchestrator_ca.
stipend::Result<void> parse_worker_orchestrator(const stipend::ConfigView& config, WorkerSettings& out);
// url, prefix, capacity, min_uptime, window, key_seed and listener.
stipend::Result<void> parse_worker_answers(const stipend::ConfigView& config, WorkerSettings& out);

// Text for a header or a signed line: printable ASCII of limited length. No message contains its value.
stipend::Result<std::string> plain_config_text(const stipend::ConfigView& config, std::string otherwise,
                                               std::size_t most);

}  // namespace livepeer
