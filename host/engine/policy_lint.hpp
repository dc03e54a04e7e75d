// Checks what a policy pays for each uptime that there is, before it pays anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/plugin/policy_instance.hpp"
#include "stipend/money.hpp"

namespace stipend::engine {

struct LintRules {
    std::int64_t interval_ns = 0;
    Usd base = {};
    Usd most_per_day = Usd::highest();            // of one orchestrator, by the limits
    std::optional<std::uint32_t> cliff_ppm = {};  // the most that the pay per minute may fall at one step, as a share
};

// Uptimes, both included, that are decided alike.
struct LintStep {
    std::uint32_t from_ppm = 0;
    std::uint32_t to_ppm = 0;
    std::string tier = {};
    std::uint32_t multiplier_ppm = 0;
    Usd usd = {};
    std::int64_t next_ns = 0;              // until the next check
    bool held = false;                     // nothing is decided
    [[nodiscard]] Usd per_minute() const;  // rounded down
};

struct LintFinding {
    std::string tier = {};  // that it is about; empty: of none
    std::string what = {};
};

struct LintReport {
    static constexpr std::size_t max_steps = 1000;
    static constexpr std::size_t max_findings = 100;
    std::uint32_t decided = 0;  // uptimes
    std::uint64_t steps_total = 0;
    std::vector<LintStep> steps = {};  // the first ones, from 0 % up
    std::uint64_t findings_total = 0;
    std::vector<LintFinding> findings = {};  // the first ones
    Usd largest_per_day = {};  // that one orchestrator can earn, if its uptime is always the one that earns most
};

// An error of the policy itself is a finding. Takes some 0.1 s.
[[nodiscard]] LintReport lint_policy(const plugin::PolicyInstance& policy, const LintRules& rules);

}  // namespace stipend::engine
