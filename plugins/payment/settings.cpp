#include "settings.hpp"

#include "stipend/json_parse.hpp"

namespace payment {

using stipend::ConfigView;
using stipend::Json;
using stipend::Result;

namespace {

template <class T>
Result<void> optional_integer(const ConfigView& config, std::int64_t least, std::int64_t most, T& out) {
    if (!config.present()) return {};
    STIPEND_LET(value, config.integer(least, most));
    out = static_cast<T>(value);
    return {};
}

Result<void> optional_boolean(const ConfigView& config, bool& out) {
    if (!config.present()) return {};
    STIPEND_LET(value, config.boolean());
    out = value;
    return {};
}

Result<Punishment> parse_punishment(const ConfigView& config) {
    Punishment punishment;
    if (const auto multiplier = config.at("punishment_multiplier"); multiplier.present()) {
        STIPEND_LET(milli, multiplier.scaled(3, 1000, 100'000));
        punishment.multiplier_milli = static_cast<std::uint32_t>(milli);
    }
    if (const auto cap = config.at("max_penalty"); cap.present()) {
        STIPEND_LET(ns, cap.duration(0, max_delay_ns));
        if (ns % stipend::ns_per_s != 0) return cap.refuse("got ", stipend::duration_text(ns), ", want whole seconds");
        punishment.cap_s = ns / stipend::ns_per_s;
    }
    return punishment;
}

// The table named by `table`: the operator's own, else a shipped one. All of the operator's are checked.
Result<TierTable> choose_table(const ConfigView& config, std::int64_t interval_ns) {
    bool allow_falling_pay = false;
    STIPEND_TRY(optional_boolean(config.at("allow_falling_pay"), allow_falling_pay));
    std::string name = "default";
    if (config.at("table").present()) {
        STIPEND_LET(chosen, config.at("table").string());
        name = chosen;
    }
    const auto builtin = stipend::parse_json(builtin_tables);
    STIPEND_ASSERT(builtin.ok());
    std::optional<TierTable> found;
    std::string names;
    for (const auto& [key, table] : config.at("tables").members()) {
        STIPEND_LET(parsed, TierTable::parse(table, interval_ns, allow_falling_pay));
        if (key == name) found = parsed;
        names += key + ", ";
    }
    for (const auto& [key, table] : ConfigView(*builtin).members()) {
        if (config.at("tables").at(key).present()) continue;
        if (key == name && !found) {
            STIPEND_LET(parsed, TierTable::parse(table, interval_ns, allow_falling_pay));
            found = parsed;
        }
        names += key + ", ";
    }
    if (found) return *found;
    names.resize(names.size() - 2);
    return config.at("table").refuse("no such tier table: got \"", name, "\", want one of ", names);
}

}  // namespace

Result<Settings> parse_settings(const Json& json, const stipend_terms& terms) {
    const ConfigView config(json);
    if (terms.interval_ns <= 0) return config.refuse("interval not positive: ", terms.interval_ns, " ns");
    Settings out;
    STIPEND_LET(table, choose_table(config, terms.interval_ns));
    out.table = table;
    STIPEND_LET(punishment, parse_punishment(config));
    out.punishment = punishment;
    out.penalties = PenaltyTable(terms.interval_ns, punishment);
    STIPEND_TRY(optional_integer(config.at("max_consecutive_failures"), 1, 1'000'000, out.max_consecutive_failures));
    STIPEND_TRY(optional_integer(config.at("recovery_checks"), 1, 1000, out.recovery_checks));
    STIPEND_TRY(optional_boolean(config.at("reliability_bonus"), out.reliability_bonus));
    STIPEND_TRY(optional_boolean(config.at("failure_reduction"), out.failure_reduction));
    if (const auto coverage = config.at("min_coverage"); coverage.present()) {
        STIPEND_LET(ppm, coverage.percent());
        out.min_coverage_ppm = ppm;
    }
    return out;
}

}  // namespace payment
