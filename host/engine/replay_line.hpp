// One line of `stipend policy eval`: a check, and as far as it says so, all else that a policy's sample holds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/engine/payee_state.hpp"
#include "stipend/json.hpp"

namespace stipend::engine {

// What a line says of the orchestrator before the check, in the place of what the checks before it came to.
struct StateBefore {
    std::optional<std::uint64_t> epoch = {};  // the one that is decided
    std::optional<std::uint64_t> checks_total = {}, checks_ok = {};
    std::optional<std::uint32_t> consecutive_failures = {};
    std::optional<bool> suspended = {};
    std::optional<stipend_unix_ns> at = {};
    std::optional<std::int64_t> interval_ns = {};
    std::optional<stipend_memory> memory = {};

    void lay_over(ledger::EngineState& state) const;
};

struct ReplayLine {
    std::string orchestrator = {};
    JobResult result = {};
    std::optional<uptime::Observed> observed = {};
    std::optional<Usd> base = {};
    std::uint32_t demand_ppm = 0;                      // 0: none
    std::optional<std::int64_t> usd_per_unit_e8 = {};  // the price of the asset that is paid
    std::optional<std::uint32_t> decimals = {};        // and its decimals; at most 36
    StateBefore before = {};
};

// INVALID for another key, with the nearest one, and for a value that is none.
[[nodiscard]] Result<ReplayLine> parse_check(const Json& line);

}  // namespace stipend::engine
