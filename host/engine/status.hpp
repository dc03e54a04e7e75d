// What a running manager reports of itself: `stipend status` and GET /status.
#pragma once

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "host/engine/engine.hpp"
#include "host/engine/manager_plan.hpp"
#include "host/ledger/totals.hpp"
#include "stipend/duration.hpp"
#include "stipend/json.hpp"

namespace stipend::engine {

inline constexpr std::size_t max_listed = 1000;  // orchestrators and gaps in one answer

// `unwell`: what plugin instances say of their own health, where that is bad; `unpaid`: the ledger's open gaps.
// [control]
[[nodiscard]] Json summary_json(const Engine& engine, const ManagerPlan& plan, const std::vector<std::string>& unwell,
                                const std::vector<ledger::Gap>& unpaid, stipend_unix_ns now);
// The same with each orchestrator. [control]
[[nodiscard]] Json status_json(const Engine& engine, const ManagerPlan& plan, const std::vector<std::string>& unwell,
                               const std::vector<ledger::Gap>& unpaid, stipend_unix_ns now);

// The ids of orchestrators whose present period cannot be decided, and of those that are suspended. [control]
[[nodiscard]] Json stopped_json(const Engine& engine);
// What was accrued on this UTC day, against its limits. [control]
[[nodiscard]] Json spend_json(const Engine& engine, stipend_unix_ns now);
// The factor of demand, and the last cycle; null where none is computed. [control]
[[nodiscard]] Json demand_json(const DemandMeter& meter);

// The ledger's totals, read anew once they are some seconds old. [any thread but control and the ledger's]
class RecentTotals {
  public:
    RecentTotals(std::filesystem::path state_folder, ledger::Namespace ns)
        : state_folder_(std::move(state_folder)), ns_(ns) {}
    [[nodiscard]] Result<std::vector<ledger::NetworkTotals>> get(stipend_mono_ns now);

  private:
    static constexpr std::int64_t kept_ns = 2 * ns_per_s;
    const std::filesystem::path state_folder_;
    const ledger::Namespace ns_;
    std::mutex mutex_;
    std::vector<ledger::NetworkTotals> last_;  // guarded by mutex_
    std::optional<stipend_mono_ns> read_at_;   // guarded by mutex_
};
[[nodiscard]] Json totals_json(const std::vector<ledger::NetworkTotals>& totals);

}  // namespace stipend::engine
