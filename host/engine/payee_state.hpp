// How a decision changes what the ledger keeps of an orchestrator. Pure: no clock, no I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/engine/effects.hpp"
#include "stipend/money.hpp"
#include "stipend/result.hpp"

namespace stipend::engine {

// What the policy is given: the state before the open epoch, the job's result and the host's own measurement.
[[nodiscard]] stipend_sample make_sample(const ledger::EngineState& state, const JobResult& result,
                                         const std::optional<uptime::Observed>& observed, Usd base,
                                         stipend_unix_ns now);

// What the policy was given of a recorded decision, as far as it hangs on that: the lower of two uptimes decided, so
// that both are that one here. `state`: before it, due when it was due.
[[nodiscard]] stipend_sample recorded_sample(const ledger::EngineState& state, const ledger::Decision& decision,
                                             Usd base);
// Whether the state after the two is the same. [pure]
[[nodiscard]] bool decides_as_recorded(const stipend_decision& got, const ledger::Decision& recorded);
// The interval of the period that began with a decision.
[[nodiscard]] inline std::int64_t next_interval_ns(const ledger::Decision& d) {
    return d.next_at - d.due_at - d.delay_ns - d.penalty_ns;
}

// Time from this due time to the next. `next_interval_ns` is the interval in force for the period that begins.
// LIMIT where the sum leaves int64.
[[nodiscard]] Result<std::int64_t> next_in_ns(const stipend_decision& decision, std::int64_t next_interval_ns);

// What the amount of a decision is in smallest units of an asset with so many decimals, rounded down, at a rate of 1e-8
// USD for one whole unit. UNAVAILABLE, with the reason of a HOLD, where an amount is owed and no rate is in force.
[[nodiscard]] Result<Wei> amount_in_units(Usd amount, std::optional<std::int64_t> usd_per_unit_e8,
                                          std::uint32_t decimals);

// Moves the state over a decision that is PAY or SKIP: the epoch is closed, and the next one is due counted from this
// due time, so that a slow gateway does not cut pay. LIMIT, with the state unchanged, where time leaves int64.
[[nodiscard]] Result<void> apply(ledger::EngineState& state, const stipend_decision& decision,
                                 std::int64_t next_interval_ns);

// Moves the state over a HOLD: the epoch stays open, and is due again at the first whole interval after `now`; nothing
// else changes. LIMIT, with the state unchanged, where time leaves int64.
[[nodiscard]] Result<void> hold(ledger::EngineState& state, stipend_unix_ns now);

// The policy's reason, followed by that of the job. Services that a good job names are as many as a row has place for.
[[nodiscard]] std::string full_reason(const stipend_decision& decision, const JobResult& result);

}  // namespace stipend::engine
