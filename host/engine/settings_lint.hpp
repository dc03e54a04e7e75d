// What the policies of a whole configuration pay for each uptime, and what is wrong with that: for the command line and
// the API alike.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/config/diagnostic.hpp"
#include "host/config/settings.hpp"
#include "host/engine/policy_lint.hpp"
#include "host/plugin/loader.hpp"
#include "stipend/json.hpp"

namespace stipend::engine {

// A configuration of the policy with what is paid by it.
struct LintedPolicy {
    std::string path;                        // "payment.policy.config", "orchestrators[3].policy"
    config::Tree tree;                       // never NULL
    Usd base;                                // for one interval, at multiplier 1
    std::vector<std::string> orchestrators;  // ids of the first ones that are paid by it
    std::size_t orchestrators_total = 0;

    static constexpr std::size_t max_named = 20;
};

// The common one first, and those of orchestrators and capabilities that differ from it, `most` in all.
[[nodiscard]] std::vector<LintedPolicy> linted_of(const config::Settings& settings, std::size_t most);

struct SettingsLint {
    std::optional<std::uint32_t> cliff_ppm = {};  // see LintRules
    std::size_t most = 256;                       // distinct configurations
    std::int64_t patience_ns = 0;                 // for a batch of decisions; 0: calls are not guarded
    // Called for each configuration that its plugin takes.
    std::function<void(const LintedPolicy& policy, const LintReport& report)> on_report = {};
};

// Findings go to `diagnostics` at their places. Returns what all orchestrators that are configured earn in a day at
// most. Takes some 0.1 s for each configuration. [any thread but control]
[[nodiscard]] Usd lint_settings(plugin::Loader& loader, const config::Settings& settings, const SettingsLint& lint,
                                config::Diagnostics& diagnostics);

// {"path","base_usd","uptimes_decided","steps","table":[...],"largest_usd_per_day","findings"}
[[nodiscard]] Json to_json(const LintedPolicy& policy, const LintReport& report);

}  // namespace stipend::engine
