// A job on its way, and a question for an offer. Private to the dispatcher.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dispatch.hpp"

namespace byoc {

struct Dispatch::Job {
    stipend::Completion<stipend_job_result> done;
    std::string id;
    std::string agent_id;
    std::string nonce;
    std::string capability;
    Expected expected;
    PriceRule rule;
    stipend_unix_ns period_from = 0;
    stipend_unix_ns period_to = 0;
    std::uint32_t window_s = 0;
    bool registered = false;  // STIPEND_JOB_REGISTERED
    std::string call_type;    // of a distributed call; empty: a check
    std::string payload;
    Case facts;
    // Of the present attempt.
    std::optional<livepeer::Token> token;     // what the orchestrator stated, where it was asked or its price is known
    std::optional<stipend_mono_ns> asked_at;  // when, if it was asked for this attempt
    bool price_too_high = false;
    // Of the wait for the second one.
    stipend_mono_ns earliest = 0;
    stipend_mono_ns latest = 0;
    std::optional<livepeer::Token> look;  // what the orchestrator answered after the failure
    bool waited = false;                  // for a restart
    stipend_op exchange = 0;
    TokenClient::AskPtr ask;
    std::unique_ptr<stipend::Timer> pause;
};

struct Dispatch::Look {
    stipend::Completion<stipend_offer> done;
    TokenClient::AskPtr ask;
};

}  // namespace byoc
