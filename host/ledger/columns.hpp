// How values and rows become each other: the one place that knows the order of columns.
#pragma once

#include <string_view>

#include "host/ledger/canonical.hpp"
#include "host/ledger/rows.hpp"
#include "host/ledger/sqlite.hpp"

namespace stipend::ledger {

// After `seq`; what bind_decision binds and read_decision reads.
inline constexpr std::string_view decision_columns =
    "orchestrator, epoch, due_at, period_from, decided_at, job, uptime_ppm, coverage_ppm, action, tier, "
    "multiplier_ppm, usd_e8, wei, delay_ns, penalty_ns, next_at, consecutive_failures, suspended, reason, generation, "
    "http_status, served_by, latency_ns, window_s, body_hash, body_head, state_digest";
inline constexpr std::string_view state_columns =
    "epoch, due_at, interval_ns, last_decided_at, consecutive_failures, suspended, known, checks_total, checks_ok, "
    "generation, memory_generation, memory, day, day_usd_e8";
inline constexpr std::string_view orchestrator_columns =
    "id, key, address, payout_address, worker_key, retired, first_seen_at";

// Arguments are borrowed until the statement has run.
void bind_decision(sqlite::Statement& to, const Decision& decision, const stipend_u256& wei, const Hash& state_digest);
void bind_state(sqlite::Statement& to, const EngineState& state);
void bind_orchestrator(sqlite::Statement& to, const Orchestrator& row);

struct StoredDecision {
    Seq seq = 0;
    Decision decision;
    Hash state_digest = {};
    bool malformed = false;  // a column holds what no program of ours wrote; the decision is then as near as can be
};
// Reads seq and decision_columns.
[[nodiscard]] StoredDecision read_decision(sqlite::Statement& from);

// Reads state_columns; `malformed` is set where a column holds what no program of ours wrote.
[[nodiscard]] EngineState read_state(sqlite::Statement& from, bool& malformed);
[[nodiscard]] Orchestrator read_orchestrator(sqlite::Statement& from);
// Reads orchestrator, from_at, to_at, cause, usd_e8.
[[nodiscard]] Gap read_gap(sqlite::Statement& from);

// An INSERT of `count` values.
[[nodiscard]] std::string insert_sql(std::string_view table, std::size_t count);

}  // namespace stipend::ledger
