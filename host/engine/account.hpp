// What is known of one orchestrator between two decisions, and how a decision changes it. Pure: no clock, no I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/ledger/rows.hpp"
#include "stipend/abi/policy.h"
#include "stipend/result.hpp"

namespace stipend::engine {

// How the job of a period ended, as far as deciding goes.
struct Check {
    std::int32_t job = STIPEND_JOB_UNKNOWN;     // STIPEND_JOB_*
    std::optional<std::uint32_t> reported_ppm;  // only with a good job
    std::uint32_t reported_window_s = 0;        // 0: the worker did not say
    std::optional<std::uint32_t> observed_ppm;  // what the host measured itself, where it was to look ...
    std::uint32_t coverage_ppm = 0;             // ... and how much of the period it saw
    std::int64_t latency_ns = 0;
    std::string reason;  // why the job is not good; empty where it is
};

// What a period is paid by.
struct PeriodTerms {
    std::int64_t base_usd_e8 = 0;
    std::optional<std::int64_t> usd_per_eth_e8;  // none: no price is accepted at present
};

// The part of an orchestrator's state that decisions are made of. All of it is durable.
struct Account {
    std::uint64_t epoch = 0;       // the last one decided; 0: none yet
    stipend_unix_ns due_at = 0;    // of the open epoch
    std::int64_t interval_ns = 0;  // of the open period
    std::uint32_t consecutive_failures = 0;
    bool suspended = false;
    std::uint64_t checks_total = 0;  // decisions made ...
    std::uint64_t checks_ok = 0;     // ... and how many of them left no failure
    stipend_memory memory{};

    [[nodiscard]] std::uint64_t open_epoch() const { return epoch + 1; }
};

// The account within what the ledger keeps.
[[nodiscard]] Account account_of(const ledger::EngineState& state);

[[nodiscard]] stipend_sample make_sample(const Account& account, const Check& check, const PeriodTerms& terms,
                                         stipend_unix_ns now);

// Time from this due time to the next. `next_interval_ns` is the interval in force for the period that begins.
// LIMIT where the sum leaves int64.
[[nodiscard]] Result<std::int64_t> next_in_ns(const stipend_decision& decision, std::int64_t next_interval_ns);

// Moves the account over a decision that is PAY or SKIP: the epoch is closed, and the next one due from this due time,
// so that a slow gateway does not cut pay. LIMIT, and unchanged, where time runs out of int64.
[[nodiscard]] Result<void> apply(Account& account, const stipend_decision& decision, std::int64_t next_interval_ns);

// Moves the account over a HOLD: the epoch stays open and is tried again one interval later; nothing else moves.
void hold(Account& account);

// The policy's reason, and what the check itself had to say.
[[nodiscard]] std::string full_reason(const stipend_decision& decision, const Check& check);

}  // namespace stipend::engine
