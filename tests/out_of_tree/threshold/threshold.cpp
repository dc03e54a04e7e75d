// Pays a fixed amount for each period in which the uptime reached a threshold, and nothing below it.
#include <stipend/plugin.hpp>

class Threshold {
  public:
    static constexpr stipend::PluginInfo info{
        .id = "org.example.threshold",
        .name = "Threshold",
        .version = "1.0.0",
        .config_schema = R"({
            "type": "object", "additionalProperties": false, "required": ["at_least", "pay_usd"],
            "properties": {
                "at_least": {"type": "number", "minimum": 0, "maximum": 100, "description": "Uptime in percent."},
                "pay_usd": {"type": "number", "minimum": 0, "maximum": 1000, "description": "Pay for one period."}
            }})",
    };
    static constexpr std::uint32_t revision = 1;        // increases when the same configuration decides otherwise
    static constexpr std::uint32_t memory_version = 1;  // increases when the meaning of `memory` changes

    struct Settings {
        std::uint32_t at_least_ppm;
        std::int64_t pay_usd_e8;
    };
    static stipend::Result<Settings> parse(const stipend::Json& json, const stipend_terms&) {
        const stipend::ConfigView config(json);
        STIPEND_LET(at_least, config.at("at_least").percent());
        STIPEND_LET(pay, config.at("pay_usd").scaled(8, 0, 1000 * stipend::e8));
        return Settings{at_least, pay};
    }

    explicit Threshold(Settings settings) : settings_(settings) {}

    stipend::Result<void> decide(const stipend_sample& sample, stipend_decision& decision) const {
        if (sample.job == STIPEND_JOB_UNKNOWN) {
            decision.action = STIPEND_HOLD;
            stipend::set_text(decision.reason, "the payer could not look");
            return {};
        }
        const bool answered = sample.job == STIPEND_JOB_OK && (sample.flags & STIPEND_SAMPLE_REPORTED) != 0;
        const bool reached = answered && sample.reported_ppm >= settings_.at_least_ppm;
        decision.action = reached ? STIPEND_PAY : STIPEND_SKIP;
        decision.consecutive_failures = answered ? 0 : sample.consecutive_failures + 1;
        decision.uptime_ppm = answered ? sample.reported_ppm : 0;
        stipend::set_text(decision.tier, reached ? "reached" : "missed");
        if (reached) decision.amount_usd_e8 = settings_.pay_usd_e8;
        return {};
    }
    // The maximum pay of a decision and the minimum time to the next one; the host checks both.
    stipend::Result<stipend::Bounds> bounds(const stipend_terms& terms) const {
        return stipend::Bounds{settings_.pay_usd_e8, terms.interval_ns};
    }

  private:
    Settings settings_;
};

STIPEND_PLUGINS(Threshold);
