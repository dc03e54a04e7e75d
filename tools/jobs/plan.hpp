// What a load sends, and where to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "livepeer/runner_wire.hpp"
#include "stipend/money.hpp"
#include "stipend/result.hpp"
#include "tools/jobs/outcome.hpp"
#include "tools/jobs/schedule.hpp"
#include "tools/jobs/threshold.hpp"

namespace stipend::jobs {

inline constexpr std::size_t max_orchestrators = 256;
inline constexpr std::size_t max_connections = 60'000;
inline constexpr std::size_t max_runner_lines = 256;       // connections to runners that are called in steps
inline constexpr std::uint64_t max_planned = 100'000'000;  // jobs
inline constexpr std::size_t max_body_bytes = 1 << 20;
inline constexpr std::int64_t max_duration_s = 86'400;
inline constexpr std::uint32_t max_timeout_s = 3'600;

// A gateway, and what its jobs ask for.
struct Way {
    std::string gateway;  // a URL without a trailing slash
    std::string capability = "agent-net";
    std::string path;  // at the worker; empty: the capability's name
    std::uint32_t timeout_s = 20;
    std::string ca_file;  // of a gateway behind https; empty: the system's
    // Of a live runner, as "/apps/<id>/app": `gateway` is its orchestrator then, of which any certificate is taken.
    std::string runner_path;

    [[nodiscard]] std::string url_path() const;
    // From its start to the end of its answer: the gateway itself bounds a job at 5 s beyond its time-out.
    [[nodiscard]] std::int64_t deadline_ns() const;
};
// INVALID: a member that no gateway takes, or no orchestrator of live runners.
Result<void> check_way(const Way& way);
// The same of calls to live runners, which need no gateway.
Result<void> check_runner_way(const Way& way);

// What may be paid, and by which signer; the limits in wei for each unit of a price.
struct RunnerTerms {
    std::string signer;  // a URL without a trailing slash, or empty: nothing is paid
    Wei max_price;
    Wei max_second;
    Wei ticket;  // what one is worth; 0: a payment is worth its price
};
// What the first payment for a call or session of that offer costs, as a whole number of tickets; 0: it is free.
Wei cost_of(const livepeer::RunnerOffer& offer, const RunnerTerms& terms);

struct Plan {
    Way way;
    std::vector<Asked> orchestrators;  // in turns; none: the gateway chooses
    std::vector<Way> runners;          // of live runners: one for each orchestrator; else none, and all go by `way`
    // Beside `runners`: the offer, where a call takes several exchanges, since it is paid or in a session.
    std::vector<std::optional<livepeer::RunnerOffer>> steps;
    RunnerTerms terms;
    std::optional<Wei> budget;  // of all fees together; no job that could exceed it is sent
    Rate rate;
    Arrivals arrivals = Arrivals::constant;
    std::int64_t duration_ns = 0;
    bool closed = false;  // each connection sends its next job when the last one has ended; `rate` does not count
    std::size_t connections = 1'000;
    std::int64_t deadline_ns = 0;
    std::string body;  // empty: a question for the uptime, with an id of its own in each job
    Check check;
    std::vector<Threshold> thresholds;
    std::uint64_t seed = 1;
};

// "https://host:port", or with the name that it answers by: "https://10.0.0.7:9995=https://orch.example:9995".
Result<Asked> parse_orchestrator(std::string_view text);

// All of a request but its body.
std::string head_of(const Way& way, const std::string& host, const Asked& asked);
// `number` is another one for each job of a load.
std::string body_of(std::uint64_t number);
// The two together.
std::string request_of(std::string_view head, std::string_view body);
void append_request(std::string& out, std::string_view head, std::string_view body);

}  // namespace stipend::jobs
