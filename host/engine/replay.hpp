// Decides checks read from a text, one after the other, as the engine would: `stipend policy eval`.
#pragma once

#include <iosfwd>

#include "host/engine/payee_state.hpp"
#include "host/plugin/policy_instance.hpp"
#include "stipend/json.hpp"

namespace stipend::engine {

struct ReplayTerms {
    std::int64_t interval_ns;
    Usd base;
    std::int64_t usd_per_eth_e8;
};

inline constexpr std::size_t max_replay_orchestrators = 1'000'000;

// Reads JSON lines {"orchestrator","job":"ok|failed|unknown","uptime_percent"} and writes one decision a line. A line
// may also have what else a sample holds: "window_seconds" and "latency_ms" of the answer, what the host measured
// itself ("observed_percent" and "coverage_percent", which is 100 by default), "base_usd", and "demand", the factor of
// demand; what was before it, in the place of what the lines before it came to ("epoch", "at", "interval_seconds",
// "consecutive_failures", "suspended", "checks_total", "checks_ok", "memory" in hex); and the asset that is paid
// ("usd_per_unit", "decimals"). Each orchestrator has its own memory, and its time moves on to each next due time.
// INVALID, with the line's number, for a line that is not such an object, or has another key; what was written before
// it remains.
Result<void> replay(const plugin::PolicyInstance& policy, const ReplayTerms& terms, std::istream& in,
                    std::ostream& out);

}  // namespace stipend::engine
