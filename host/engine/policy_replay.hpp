// New policy code must decide as the old did, or say that it does not: recorded samples are decided again.
#pragma once

#include <string>
#include <vector>

#include "host/engine/manager_plan.hpp"

namespace stipend::engine {

// The policy that decides at present, and the last samples that it decided.
struct PolicyInForce {
    std::string so_sha256, config_json, plugin_id;
    std::uint32_t revision = 0;
    stipend_terms terms{};
    std::vector<Engine::Recorded> recorded;
};

// CONFLICT where `next` brings other code of the same plugin that decides a recorded sample otherwise, under the
// configuration in force, and does not have a higher revision. Blocks: not on [control].
[[nodiscard]] Result<void> check_replay(const ManagerPlan& next, const PolicyInForce& before);

}  // namespace stipend::engine
