// A job on its way, and a question for an offer. Private to the dispatcher.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dispatch.hpp"

namespace runner {

struct Dispatch::Job {
    stipend::Completion<stipend_job_result> done;
    std::string id;
    std::string agent_id;
    std::string nonce;
    std::string address;
    std::string app;
    Expected expected;
    stipend::Wei max_fee;  // 0: only max_price applies
    stipend_unix_ns period_from = 0;
    stipend_unix_ns period_to = 0;
    std::uint32_t window_s = 0;
    bool registered = false;  // STIPEND_JOB_REGISTERED
    std::string call_type;    // of a distributed call; empty: a check
    std::string payload;
    std::vector<Attempt> attempts;
    bool heard = false;  // the orchestrator answered at some point
    // Of the present attempt.
    std::optional<livepeer::RunnerOffer> offer;
    std::optional<livepeer::RunnerPayment> payment;  // of the call under way
    bool alone = false;                              // nothing else is asked of the signer meanwhile
    bool refreshed = false;                          // the signer's parameters were asked for again
    bool reserving = false;                          // the exchange under way may begin a session
    std::optional<livepeer::RunnerSession> session;  // that was reserved and not yet stopped
    stipend_mono_ns paid_at = 0;                     // when the request with the payment was sent
    // Of the wait for the second one.
    bool waiting = false;
    stipend_mono_ns latest = 0;
    stipend::Wei fee;  // the most that can have been charged so far
    stipend_op exchange = 0;
    Discovery::AskPtr ask;
    std::unique_ptr<stipend::Timer> pause;

    [[nodiscard]] bool priced() const { return offer && offer->price && !offer->price->zero(); }
    [[nodiscard]] bool by_the_second() const { return priced() && offer->unit == "seconds"; }
    [[nodiscard]] bool paid() const { return !attempts.empty() && attempts.back().paid; }
};

struct Dispatch::Question {
    stipend::Completion<stipend_offer> done;
    Discovery::AskPtr ask;
};

}  // namespace runner
