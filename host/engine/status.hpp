// What a running manager reports of itself: `stipend status` and GET /status.
#pragma once

#include <string>
#include <vector>

#include "host/engine/engine.hpp"
#include "host/engine/manager_plan.hpp"
#include "stipend/json.hpp"

namespace stipend::engine {

inline constexpr std::size_t max_listed = 1000;  // orchestrators and gaps in one answer

// `unwell`: what plugin instances say of their own health, where that is bad; `unpaid`: the ledger's open gaps.
// [control]
[[nodiscard]] Json status_json(const Engine& engine, const ManagerPlan& plan, const std::vector<std::string>& unwell,
                               const std::vector<ledger::Gap>& unpaid, stipend_unix_ns now);

}  // namespace stipend::engine
