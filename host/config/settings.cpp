#include "host/config/settings.hpp"

#include "host/config/plugin_config.hpp"

namespace stipend::config {
namespace {

const Capability* capability_of(const Settings& settings, const Orchestrator& orchestrator) {
    for (const auto& capability : settings.capabilities) {
        if (!orchestrator.capability.empty() && capability.name == orchestrator.capability) return &capability;
    }
    return nullptr;
}

}  // namespace

std::int64_t base_usd_e8(const Settings& settings, const Orchestrator& orchestrator) {
    if (orchestrator.base_usd_e8) return *orchestrator.base_usd_e8;
    const auto* capability = capability_of(settings, orchestrator);
    if (capability != nullptr && capability->base_usd_e8) return *capability->base_usd_e8;
    return settings.payment.base_usd_e8;
}

Tree policy_config(const Settings& settings, const Orchestrator& orchestrator) {
    const auto* capability = capability_of(settings, orchestrator);
    const auto common = overlay(settings.payment.policy.config, capability == nullptr ? nullptr : capability->policy);
    return overlay(common, orchestrator.policy);
}

}  // namespace stipend::config
