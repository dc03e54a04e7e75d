#include "host/config/settings.hpp"

#include <charconv>

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

std::optional<DownAfter> parse_down_after(std::string_view text) {
    constexpr std::string_view between = " of ";
    constexpr int most = 20;
    const auto at = text.find(between);
    if (at == std::string_view::npos) return std::nullopt;
    DownAfter out;
    const auto read = [](std::string_view digits, int& to) {
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), to);
        return error == std::errc() && end == digits.data() + digits.size();
    };
    const bool good = read(text.substr(0, at), out.failed) && read(text.substr(at + between.size()), out.looks);
    if (!good || out.failed < 1 || out.failed > out.looks || out.looks > most) return std::nullopt;
    return out;
}

std::string endpoint_of(const WatchedService& service) {
    if (!service.compose.empty()) return cat("docker:compose:", service.compose);
    if (!service.label.empty()) return cat("docker:label:", service.label);
    return service.target.empty() ? cat("docker:", service.name) : service.target;
}

Usd base_of(const Settings& settings, const Orchestrator& orchestrator) {
    if (orchestrator.base) return *orchestrator.base;
    const auto* capability = capability_of(settings, orchestrator);
    if (capability != nullptr && capability->base) return *capability->base;
    return settings.payment.base;
}

Tree policy_config(const Settings& settings, const Orchestrator& orchestrator) {
    const auto* capability = capability_of(settings, orchestrator);
    const auto common = overlay(settings.payment.policy.config, capability == nullptr ? nullptr : capability->policy);
    return overlay(common, orchestrator.policy);
}

}  // namespace stipend::config
