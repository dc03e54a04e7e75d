// The payment policy: a pure function from a sample to a decision.
#pragma once

#include "schema.hpp"
#include "settings.hpp"
#include "stipend/abi/policy.h"
#include "stipend/plugin.hpp"

namespace payment {

class Policy {
  public:
    using Settings = payment::Settings;
    static constexpr stipend::PluginInfo info{
        .id = "org.stipend.payment",
        .name = "Tiered pay",
        .version = "0.1.0",
        .vendor = "stipend",
        .license = "MIT",
        .description = "Pays by tiers of uptime, with progressive punishment for failures in a row",
        .config_schema = config_schema,
    };
    static constexpr std::uint32_t revision = 1;
    static constexpr std::uint32_t memory_version = 1;

    explicit Policy(Settings settings) : settings_(std::move(settings)) {}
    static stipend::Result<Settings> parse(const stipend::Json& config, const stipend_terms& terms) {
        return parse_settings(config, terms);
    }
    stipend::Result<void> decide(const stipend_sample& sample, stipend_decision& decision) const;
    [[nodiscard]] stipend::Result<stipend::Bounds> bounds(const stipend_terms& terms) const;

  private:
    [[nodiscard]] std::int64_t penalty_ns(std::int64_t interval_ns, std::uint32_t failures) const;
    stipend::Result<void> pay(const stipend_sample& sample, const Tier& tier, stipend_decision& decision) const;

    Settings settings_;
};

}  // namespace payment
