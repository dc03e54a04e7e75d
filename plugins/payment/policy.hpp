// The payment policy: sample in, decision out, nothing else.
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

    // Kept for the length of one batch, so that equal cases are worked out once.
    struct Scratch {
        static constexpr std::size_t slots = 8;
        struct Pay {
            std::int64_t base_usd_e8 = -1, rate_e8 = 0;
            stipend::Fraction factor;
            std::int64_t usd_e8 = 0;
            stipend_u256 wei{};
        };
        Pay pay[slots];
        PenaltyTable other_interval;
    };

    explicit Policy(Settings settings) : settings_(std::move(settings)) {}
    static stipend::Result<Settings> parse(const stipend::Json& config, const stipend_terms& terms) {
        return parse_settings(config, terms);
    }
    stipend::Result<void> decide(const stipend_sample& sample, stipend_decision& decision, Scratch& scratch) const;
    [[nodiscard]] stipend::Result<stipend::Bounds> bounds(const stipend_terms& terms) const;

  private:
    void punish(const stipend_sample& sample, stipend_decision& decision, Scratch& scratch) const;
    stipend::Result<void> pay(const stipend_sample& sample, const Tier& tier, stipend_decision& decision,
                              Scratch& scratch) const;

    Settings settings_;
};

}  // namespace payment
