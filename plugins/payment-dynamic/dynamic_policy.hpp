// The policy by tiers, with its pay times the host's factor of demand: a pure function from a sample to a decision.
#pragma once

#include "../payment/policy.hpp"
#include "dynamic_schema.hpp"

namespace payment_dynamic {

struct Settings {
    payment::Settings tiers;
    std::uint32_t ceiling_ppm = 1'500'000;  // 1 .. 100
};

class DynamicPolicy {
  public:
    using Settings = payment_dynamic::Settings;
    static constexpr stipend::PluginInfo info{
        .id = "org.stipend.payment.dynamic",
        .name = "Tiered pay by demand",
        .version = "0.1.0",
        .vendor = "stipend",
        .license = "MIT",
        .description = "Pays by tiers of uptime, times a factor that the host computes of its own demand",
        .config_schema = config_schema,
    };
    static constexpr std::uint32_t revision = 1;
    static constexpr std::uint32_t memory_version = payment::Policy::memory_version;

    explicit DynamicPolicy(Settings settings) : tiers_(std::move(settings.tiers)), ceiling_ppm_(settings.ceiling_ppm) {}
    // Pure; errors carry the JSON pointer of the value.
    static stipend::Result<Settings> parse(const stipend::Json& config, const stipend_terms& terms);
    // Without a factor in the sample it decides as the policy by tiers does.
    stipend::Result<void> decide(const stipend_sample& sample, stipend_decision& decision) const;
    [[nodiscard]] stipend::Result<stipend::Bounds> bounds(const stipend_terms& terms) const {
        return tiers_.bounds_times(ceiling_ppm_, terms);
    }

  private:
    payment::Policy tiers_;
    std::uint32_t ceiling_ppm_;
};

}  // namespace payment_dynamic
