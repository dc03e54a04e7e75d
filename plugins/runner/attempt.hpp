// The result of one attempt at a call, as read from the response. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "livepeer/evidence.hpp"
#include "stipend/host.hpp"

namespace runner {

inline constexpr std::size_t evidence_bytes = 65'536;

struct Attempt {
    bool valid = false;
    bool cancelled = false;                        // the host cancelled the exchange
    bool responded = false;                        // the orchestrator sent a status, so the failure is its own
    bool payer = false;                            // the payer's own signer failed
    bool paid = false;                             // it carried a payment
    std::int32_t cause = STIPEND_HTTP_CAUSE_NONE;  // of an exchange that failed
    int http_status = 0;
    std::string body;      // the first 64 KiB
    std::string reason;    // why the attempt is not valid
    std::string services;  // those that lowered the uptime it reports, see livepeer::services_below
    std::uint32_t reported_ppm = 0;
    std::uint32_t reported_window_s = 0;
    bool verified = false;  // the evidence is signed by the worker's key and matches this job
    std::int64_t latency_ns = 0;

    // No process listens, or one went away in the middle of the exchange.
    [[nodiscard]] bool gone() const { return cause == STIPEND_HTTP_CAUSE_REFUSED || cause == STIPEND_HTTP_CAUSE_RESET; }
    // Nothing left this machine, and the orchestrator has no part in that.
    [[nodiscard]] bool local() const { return cause == STIPEND_HTTP_CAUSE_LOCAL && !responded; }
};

struct Expected {
    livepeer::EvidenceWanted evidence;  // without a public key evidence is not verified
    bool signed_only = false;           // a response without verified evidence is rejected
    bool call = false;                  // of a distributed call: any body but an empty one will do
};

// An attempt is valid if the status is 200, the body is a JSON object with an uptime in 0..100, and the evidence
// matches, if there is any and the worker's key is known. No header names the orchestrator: what answers at its address
// is it.
Attempt read_answer(const stipend::HttpReply& reply, const Expected& expected);

// What every attempt takes from its exchange, valid or not.
Attempt read_exchange(const stipend::HttpReply& reply);

// An attempt that ended before its call was answered: by the orchestrator's own offer, by the payer's signer, or by
// this machine, which sent nothing.
Attempt refused_offer(std::string why);
Attempt signer_failed(std::string why);
Attempt not_sent(std::string why);

}  // namespace runner
