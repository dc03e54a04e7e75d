// The form in which an explanation is given: the command line prints it, and the API answers with it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/engine/uptime_scan.hpp"
#include "host/ledger/ledger.hpp"
#include "stipend/json.hpp"
#include "stipend/money.hpp"

namespace stipend::engine {

// What was computed again of a decision.
struct Recomputed {
    struct Difference {
        std::string_view field;
        std::string recorded;
        std::string recomputed;
    };
    // What the state before the decision is known from.
    enum class From : std::uint8_t { stored, decided_again, assumed };

    From state = From::assumed;
    std::uint32_t failures_before = 0;
    std::int64_t interval_ns = 0;
    Usd base = {};
    std::string config_json = {};
    bool present_terms = false;                     // of the present configuration; else those that the ledger has
    std::optional<stipend_decision> decision = {};  // none: it could not be
    std::string by_sha256 = {};                     // of the code that was asked
    std::vector<Difference> differences = {};
    std::optional<UptimeRange> range = {};  // that its uptime is in
    std::string error = {};                 // why it could not be
    [[nodiscard]] bool same() const { return decision && differences.empty(); }
};

[[nodiscard]] Json explanation_json(const ledger::DecisionBasis& basis, const Recomputed& again,
                                    const std::optional<ledger::PayoutHistory>& payout);

}  // namespace stipend::engine
