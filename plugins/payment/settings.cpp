#include "settings.hpp"

#include <optional>

#include "schema.hpp"
#include "stipend/json_parse.hpp"

namespace payment {

using stipend::ConfigView;
using stipend::Json;
using stipend::Result;

namespace {

Result<Punishment> parse_punishment(const ConfigView& config) {
    Punishment out;
    if (const auto multiplier = config.at("punishment_multiplier"); multiplier.present()) {
        STIPEND_LET(milli, multiplier.scaled(3, 1000, 100'000));
        out.multiplier_milli = static_cast<std::uint32_t>(milli);
    }
    const auto cap = config.at("max_penalty");
    STIPEND_LET(cap_ns, cap.duration_or(out.cap_s * stipend::ns_per_s, 0, max_delay_ns));
    if (cap_ns % stipend::ns_per_s != 0) {
        return cap.refuse("got ", stipend::duration_text(cap_ns), ", want whole seconds");
    }
    out.cap_s = cap_ns / stipend::ns_per_s;
    return out;
}

// The tables that ship with the plugin, the published tier table and the older flat rule: what the schema has as the
// default of `tables`, so that a host can show them.
Json shipped_tables() {
    const auto schema = stipend::parse_json(config_schema);
    STIPEND_ASSERT(schema.ok());
    const Json* at = &*schema;
    for (const auto* step : {"properties", "tables", "default"}) {
        at = at->find(step);
        STIPEND_ASSERT(at != nullptr);
    }
    return *at;
}

// The table named by `table`: one of the operator's, else a shipped one. All of the operator's are validated.
Result<TierTable> choose_table(const ConfigView& config, std::int64_t interval_ns) {
    STIPEND_LET(allow_falling_pay, config.at("allow_falling_pay").boolean_or(false));
    STIPEND_LET(name, config.at("table").string_or("default"));
    const auto shipped = shipped_tables();
    std::optional<TierTable> found;
    std::string names;
    for (const auto& [key, table] : config.at("tables").members()) {
        STIPEND_LET(parsed, TierTable::parse(table, interval_ns, allow_falling_pay));
        if (key == name) found = parsed;
        names += key + ", ";
    }
    for (const auto& [key, table] : ConfigView(shipped).members()) {
        if (config.at("tables").at(key).present()) continue;
        if (key == name && !found) STIPEND_SET(found, TierTable::parse(table, interval_ns, allow_falling_pay));
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
    STIPEND_SET(out.table, choose_table(config, terms.interval_ns));
    STIPEND_SET(out.punishment, parse_punishment(config));
    out.interval_ns = terms.interval_ns;
    out.penalties_s = penalties_s(terms.interval_ns, out.punishment);
    STIPEND_SET(out.max_consecutive_failures,
                config.at("max_consecutive_failures").integer_or(out.max_consecutive_failures, 1, 1'000'000));
    STIPEND_SET(out.recovery_checks, config.at("recovery_checks").integer_or(out.recovery_checks, 1, 1000));
    STIPEND_SET(out.reliability_bonus, config.at("reliability_bonus").boolean_or(false));
    STIPEND_SET(out.failure_reduction, config.at("failure_reduction").boolean_or(false));
    if (const auto coverage = config.at("min_coverage"); coverage.present()) {
        STIPEND_SET(out.min_coverage_ppm, coverage.percent());
    }
    return out;
}

}  // namespace payment
