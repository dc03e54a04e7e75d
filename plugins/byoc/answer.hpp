// What came of one try of a job, read off the gateway's answer. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evidence.hpp"
#include "stipend/host.hpp"

namespace byoc {

inline constexpr std::size_t evidence_bytes = 65'536;

struct Attempt {
    bool valid = false;
    bool sent = false;       // the request was on its way to the gateway, which may have taken the job
    bool cancelled = false;  // our own side ended the exchange
    bool spoke = false;      // the orchestrator itself was heard: X-Orchestrator-Url, or its price
    int http_status = 0;
    std::string served_by;  // X-Orchestrator-Url
    std::string body;       // the first 64 KiB
    std::string credit;     // Livepeer-Balance where that is above 0: what the orchestrator was paid ahead, in wei
    std::string reason;     // why it is not valid
    std::uint32_t reported_ppm = 0;
    std::uint32_t reported_window_s = 0;
    bool verified = false;  // its evidence is signed by the worker's key, and is about this job
    std::int64_t latency_ns = 0;
};

struct Expected {
    std::string address;
    std::vector<std::string> service_addresses;  // further addresses that it may announce
    EvidenceWanted evidence;                     // without a public key no evidence can be verified
    bool signed_only = false;                    // an answer without verified evidence does not count
};

// An attempt is valid where the status is 200, `X-Orchestrator-Url` names the orchestrator that was asked, the body is
// a JSON object with an uptime in 0..100, and its evidence, where there is any and the worker's key is known, matches.
Attempt read_answer(const stipend::HttpReply& reply, const Expected& expected);

// An attempt that never left this host.
Attempt never_sent(std::string why);

struct Uptime {
    std::uint32_t ppm = 0;
    std::uint32_t window_s = 0;  // 0: the worker did not say
    std::optional<stipend::Json> evidence = {};
    std::optional<stipend::Json> service_list = {};  // only where there is evidence, which speaks of it
};
// The first of overall_uptime_percentage, service_uptime, uptime_percentage and services.uptime_percentage that is
// there, be it null. INVALID with the reason where that is no number in 0..100.
stipend::Result<Uptime> read_uptime(std::string_view body);

// May these be a gateway's own words that it has no such orchestrator? They are the very bytes of `reference`, which is
// what the gateway itself says of an orchestrator that does not exist.
//
// Rationale: a gateway passes an orchestrator's 4xx on without naming it. What a worker says behind go-livepeer's own
// orchestrator gains a line end on the way and so differs; an orchestrator that was tampered with can send the same
// bytes. It wins nothing: one that the gateway ever answered for is judged all the same, and one that it never did is
// neither punished nor paid.
struct GatewayWords {
    int status = 0;
    std::string body;
};
bool are_gateway_words(const Attempt& attempt, const GatewayWords& reference);

}  // namespace byoc
