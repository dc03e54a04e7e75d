// A ledger that the engine itself has filled, under a clock of its own: the same seed gives the same decisions.
#pragma once

#include <filesystem>
#include <memory>

#include "host/plugin/policy_instance.hpp"

namespace stipend::bench {

struct HistoryPlan {
    std::uint64_t decisions = 0;    // at least
    std::size_t orchestrators = 0;  // all due at once at first
    std::uint64_t seed = 0;
    std::int64_t interval_ns = 0;
    std::int64_t base_usd_e8 = 0;
    std::string config = {};  // of the policy that decides
    std::string so_sha256 = {};
};

// Writes a new ledger at `file`: uptimes of all tiers, most of them high, and one check in 200 that failed. Returns the
// number of decisions.
std::uint64_t record_history(const std::filesystem::path& file, const HistoryPlan& plan,
                             std::shared_ptr<const plugin::PolicyInstance> policy);

}  // namespace stipend::bench
