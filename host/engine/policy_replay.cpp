#include "host/engine/policy_replay.hpp"

#include <cstring>

namespace stipend::engine {

Result<void> check_replay(const ManagerPlan& next, const PolicyInForce& before) {
    const auto& chosen = next.policy.chosen;
    if (chosen.library->staged.sha256 == before.so_sha256 || chosen.plugin->id != before.plugin_id) return {};
    const auto revision = next.update.generation->policies.front()->revision();
    if (revision > before.revision) return {};
    const auto advice = cat("; a policy that is meant to decide otherwise raises its revision above ", before.revision);
    const auto& file = chosen.library->staged.source;
    auto policy = plugin::PolicyInstance::create(*chosen.library->entry, *chosen.plugin, file, "replay",
                                                 before.config_json, before.terms);
    if (!policy)
        return fail(STIPEND_E_CONFLICT, "the new code refuses the configuration in force: ", policy.error().message,
                    advice);
    for (const auto& recorded : before.recorded) {
        stipend_decision decision{};
        const auto decided = (*policy)->decide({&recorded.sample, 1}, {&decision, 1});
        if (decided && std::memcmp(&decision, &recorded.decision, sizeof decision) == 0) continue;
        return fail(STIPEND_E_CONFLICT, "the new code decides otherwise: ", file.native(), ": got ",
                    decided ? cat(decision.tier, ", ", scaled_text(decision.amount_usd_e8, 8), " USD")
                            : decided.error().message,
                    " for a recorded sample, want ", recorded.decision.tier, ", ",
                    scaled_text(recorded.decision.amount_usd_e8, 8), " USD", advice);
    }
    return {};
}

}  // namespace stipend::engine
