#include "host/config/settings.hpp"

#include <algorithm>
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

std::vector<const PaidNetwork*> networks_of(const Settings& settings) {
    std::vector<const PaidNetwork*> out{&settings.network};
    for (const auto& one : settings.networks) out.push_back(&one);
    return out;
}

std::string network_option(std::size_t place, std::string_view option) {
    if (place == 0) return std::string(option);
    const auto one = cat("networks[", place - 1, "]");
    constexpr std::string_view own = "network";  // whose options are not below another key in a list
    if (option == own) return one;
    if (option.starts_with(cat(own, "."))) option.remove_prefix(own.size() + 1);
    return cat(one, ".", option);
}

std::size_t network_place(const Settings& settings, const Orchestrator& orchestrator) {
    if (orchestrator.network.empty()) return 0;
    const auto found = std::ranges::find(settings.networks, orchestrator.network, &PaidNetwork::name);
    return found == settings.networks.end() ? 0 : static_cast<std::size_t>(found - settings.networks.begin()) + 1;
}

std::vector<const Dispatch*> dispatchers_of(const Settings& settings) {
    std::vector<const Dispatch*> out{&settings.dispatch};
    for (const auto& one : settings.dispatchers) out.push_back(&one);
    return out;
}

std::string dispatch_option(std::size_t place, std::string_view option) {
    return place == 0 ? cat("dispatch.", option) : cat("dispatchers[", place - 1, "].", option);
}

std::string dispatcher_of(const Settings& settings, const Orchestrator& orchestrator) {
    const auto* capability = orchestrator.dispatch.empty() ? capability_of(settings, orchestrator) : nullptr;
    const auto& name = capability == nullptr ? orchestrator.dispatch : capability->dispatch;
    return name == first_dispatcher ? std::string() : name;
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
