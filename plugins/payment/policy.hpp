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
    stipend::Result<void> decide(const stipend_sample& sample, stipend_decision& decision) const {
        return decide_times(stipend::ppm_one, sample, decision);
    }
    [[nodiscard]] stipend::Result<stipend::Bounds> bounds(const stipend_terms& terms) const {
        return bounds_times(stipend::ppm_one, terms);
    }
    // The same with what is paid multiplied by a factor in parts per million, above 0 and at most 100; only the amount
    // and the multiplier depend on it. All is one product, rounded down once.
    stipend::Result<void> decide_times(std::uint32_t factor_ppm, const stipend_sample& sample,
                                       stipend_decision& decision) const;
    [[nodiscard]] stipend::Result<stipend::Bounds> bounds_times(std::uint32_t most_ppm,
                                                                const stipend_terms& terms) const;

  private:
    [[nodiscard]] std::int64_t penalty_ns(std::int64_t interval_ns, std::uint32_t failures) const;
    stipend::Result<void> pay(std::uint32_t factor_ppm, const stipend_sample& sample, const Tier& tier,
                              stipend_decision& decision) const;

    Settings settings_;
};

}  // namespace payment
