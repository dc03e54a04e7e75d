// The result of one attempt at a job, as read from the gateway's response. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "livepeer/evidence.hpp"
#include "stipend/host.hpp"
#include "stipend/money.hpp"

namespace byoc {

inline constexpr std::size_t evidence_bytes = 65'536;

struct Attempt {
    bool valid = false;
    bool sent = false;       // the request reached the gateway, which may have run the job
    bool cancelled = false;  // the host cancelled the exchange
    bool orchestrator_responded =
        false;                  // the response is from the orchestrator itself: X-Orchestrator-Url or its price
    bool local = false;         // nothing left this machine, so the attempt proves nothing
    bool price_unseen = false;  // no job was sent, since its price was not seen
    bool unlisted = false;      // it may be the gateway's own "no such orchestrator"
    int http_status = 0;
    std::string served_by;  // X-Orchestrator-Url
    std::string body;       // the first 64 KiB
    std::string credit;     // Livepeer-Balance if above 0: the prepaid amount in wei
    std::string reason;     // why the attempt is not valid
    std::string services;   // those that lowered the uptime it reports, see livepeer::services_below
    std::uint32_t reported_ppm = 0;
    std::uint32_t reported_window_s = 0;
    bool verified = false;  // the evidence is signed by the worker's key and matches this job
    std::int64_t latency_ns = 0;
    stipend::Wei fee;  // the most that the orchestrator can have charged for it
};

struct Expected {
    std::string address;
    std::vector<std::string> service_addresses;  // other addresses that it may announce
    livepeer::EvidenceWanted evidence;           // without a public key evidence is not verified
    bool signed_only = false;                    // a response without verified evidence is rejected
    bool call = false;                           // of a distributed call: any body but an empty one will do
};

// An attempt is valid if the status is 200, `X-Orchestrator-Url` is an address of the orchestrator, the body is a JSON
// object with an uptime in 0..100, and the evidence matches, if there is any and the worker's key is known.
Attempt read_answer(const stipend::HttpReply& reply, const Expected& expected);

// An attempt whose request was never sent.
Attempt not_sent(std::string why);

// True if the response may be the gateway's own "no such orchestrator": it equals `reference`, the gateway's response
// for an orchestrator that does not exist, byte for byte.
//
// Rationale: a gateway forwards an orchestrator's 4xx without naming the orchestrator. A worker's response gains a line
// end in go-livepeer's orchestrator and so differs; a modified orchestrator can send the same bytes. That is no
// advantage: an orchestrator for which the gateway has ever responded is still judged, and one for which it never has
// is neither punished nor paid.
struct GatewayWords {
    int status = 0;
    std::string body;
};
bool is_gateway_not_found(const Attempt& attempt, const GatewayWords& reference);

}  // namespace byoc
