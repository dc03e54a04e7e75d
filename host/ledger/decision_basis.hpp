// What the ledger holds of one decision and of all that it follows from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/ledger/rows.hpp"

namespace stipend::ledger {

inline constexpr std::uint64_t max_basis_decisions = 20'000;  // that lead to one

// Which decision: by its place in the chain; or by its orchestrator, and its epoch or a time that its period covers.
struct DecisionQuery {
    Seq seq = 0;                    // 0: by the others
    std::string orchestrator = {};  // its key; with `seq`, empty for any
    std::uint64_t epoch = 0;        // 0: by `at`
    stipend_unix_ns at = 0;
};

struct DecisionBasis {
    Seq seq = 0;
    std::string key = {};  // of the orchestrator
    Decision decision = {};
    bool chained = false;  // the chain's hash at `seq` is that of this row behind the hash before it
    Network network = {};  // in whose asset it is owed
    Generation generation = {};
    std::optional<Price> price = {};    // that the chain has ahead of it; none: there is none
    std::optional<Demand> demand = {};  // likewise
    // The state before the last decision whose state before is stored, or before the first one; and the decisions
    // behind it, up to this one, which is not among them. None: more than `max_basis_decisions` lie between, some of
    // them are archived, or a pardon lies between.
    std::optional<EngineState> start = {};
    bool stored = false;             // `start` is a row, and no state before the first decision
    std::string memory_policy = {};  // the plugin whose policy wrote start.memory; empty for none
    std::uint32_t memory_version = 0;
    std::vector<Decision> between = {};
    std::optional<Decision> previous = {};       // none: it is the first, or the one before is not at hand
    std::optional<Pardon> pardoned_before = {};  // between the one before and this one
    std::vector<Pardon> pardons = {};            // that take this one back
    std::vector<Adjustment> adjustments = {};    // whose time overlaps its period
    std::vector<Observation> observations = {};  // of its period; pruned after some time
    std::optional<PayoutId> payout = {};         // that paid it, or has reserved it; none: it is owed, or owes nothing
};

}  // namespace stipend::ledger
