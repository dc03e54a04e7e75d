// The worker's requests and responses as JSON. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "livepeer/evidence.hpp"
#include "livepeer/worker_settings.hpp"
#include "stipend/json.hpp"
#include "stipend/services.hpp"

namespace livepeer {

// Parts per million as a percentage, exact, with at least one decimal: "100.0", "71.4285".
std::string percent_text(std::uint32_t ppm);
// UTC with milliseconds: 2025-08-18T15:13:20.123Z.
std::string rfc3339_text(stipend_unix_ns at);

// The window of a query such as "window_seconds=300"; INVALID for one outside 1..604800. Other parameters are ignored.
stipend::Result<std::uint32_t> window_of_query(std::string_view query, std::uint32_t otherwise_s);

struct JobAsked {
    std::string agent_id = "agent-net-001";
    std::uint32_t window_s = 0;
    std::string nonce;  // hex; empty: none
    std::string period_from = "0", period_to = "0";
};
// INVALID with a reason for the client.
stipend::Result<JobAsked> read_job(std::string_view body, std::uint32_t otherwise_window_s);

stipend::Json status_answer(const stipend::ServiceReport& report, const WorkerSettings& settings);
stipend::Json uptime_answer(const stipend::ServiceReport& report, const WorkerSettings& settings);
// Without the evidence.
stipend::Json job_answer(const stipend::ServiceReport& report, const WorkerSettings& settings, const JobAsked& job);
// The value of X-Metadata: one line of ASCII.
std::string metadata_text(const stipend::ServiceReport& report, const WorkerSettings& settings, const JobAsked& job);
// The evidence to sign for that job.
Evidence evidence_of(const stipend::ServiceReport& report, const WorkerSettings& settings, const JobAsked& job);

}  // namespace livepeer
