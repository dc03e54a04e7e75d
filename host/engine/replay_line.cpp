#include "host/engine/replay_line.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "host/base/printable.hpp"
#include "host/base/time.hpp"
#include "host/config/diagnostic.hpp"
#include "host/engine/engine.hpp"
#include "stipend/decimal.hpp"
#include "stipend/duration.hpp"
#include "stipend/hex.hpp"
#include "stipend/money.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t max_latency_ms = 3'600'000;
constexpr std::int64_t max_demand_ppm = 100'000'000;
constexpr std::int64_t max_interval_s = 86'400;
constexpr std::int64_t max_decimals = 36;
constexpr std::array<std::string_view, 19> keys{"orchestrator",
                                                "job",
                                                "uptime_percent",
                                                "observed_percent",
                                                "coverage_percent",
                                                "window_seconds",
                                                "latency_ms",
                                                "base_usd",
                                                "demand",
                                                "epoch",
                                                "consecutive_failures",
                                                "suspended",
                                                "checks_total",
                                                "checks_ok",
                                                "memory",
                                                "at",
                                                "interval_seconds",
                                                "usd_per_unit",
                                                "decimals"};

Result<std::string> text_member(const Json& line, std::string_view key) {
    const auto* value = line.find(key);
    if (value == nullptr || !value->is(Json::Kind::string)) {
        return fail(STIPEND_E_INVALID, "\"", key, "\": got ", value == nullptr ? "nothing" : value->kind_name(),
                    ", want a string");
    }
    return value->text();
}

JobResult failed(std::string reason) {
    return JobResult{.outcome = STIPEND_JOB_FAILED, .reason = std::move(reason)};
}

// The check that a line describes. An uptime that is out of range or no number is a failed check with that reason.
Result<JobResult> parse_result(const Json& line) {
    STIPEND_LET(job, text_member(line, "job"));
    if (job == "unknown") return JobResult{};
    if (job == "failed") return failed("job failed");
    if (job != "ok")
        return fail(STIPEND_E_INVALID, "\"job\": got \"", job.substr(0, 40), "\", want ok, failed or unknown");
    const auto* uptime = line.find("uptime_percent");
    if (uptime == nullptr || uptime->is(Json::Kind::null)) return failed("no uptime in the answer");
    if (!uptime->is(Json::Kind::number) && !uptime->is(Json::Kind::string)) {
        return failed(cat("uptime: got ", uptime->kind_name(), ", want a number"));
    }
    const auto ppm = percent_to_ppm(uptime->text());
    if (!ppm) return failed(ppm.error().message);
    return JobResult{.outcome = STIPEND_JOB_OK, .reported_ppm = *ppm};
}

Result<void> check_keys(const Json& line) {
    for (const auto& [key, value] : line.members()) {
        if (std::ranges::find(keys, key) != keys.end()) continue;
        return fail(STIPEND_E_INVALID, config::unknown_key(key, keys));
    }
    return {};
}

// A whole number from 0 to `most`; none if the line does not have it.
Result<std::optional<std::int64_t>> whole_member(const Json& line, std::string_view key, std::int64_t most) {
    const auto* value = line.find(key);
    if (value == nullptr) return std::optional<std::int64_t>();
    const auto number = Decimal::parse(value->is(Json::Kind::number) ? value->text() : "");
    const auto whole = number ? number->exact_scaled(0) : Result<std::int64_t>(number.error());
    if (whole && *whole >= 0 && *whole <= most) return std::optional(*whole);
    return fail(STIPEND_E_INVALID, "\"", key, "\": got ", printable(value->dump().substr(0, 40)),
                ", want a whole number from 0 to ", most);
}

// A percentage; none if the line does not have it.
Result<std::optional<std::uint32_t>> percent_member(const Json& line, std::string_view key) {
    const auto* value = line.find(key);
    if (value == nullptr) return std::optional<std::uint32_t>();
    auto ppm = percent_to_ppm(value->is(Json::Kind::number) ? value->text() : "");
    if (!ppm) {
        return fail(STIPEND_E_INVALID, "\"", key, "\": got ", printable(value->dump().substr(0, 40)),
                    ", want a number from 0 to 100");
    }
    return std::optional(*ppm);
}

// A factor of demand in parts per million; 0 if the line does not have it.
Result<std::uint32_t> demand_member(const Json& line) {
    const auto* value = line.find("demand");
    if (value == nullptr) return std::uint32_t{0};
    const bool readable = value->is(Json::Kind::number) || value->is(Json::Kind::string);
    const auto number = Decimal::parse(readable ? value->text() : "");
    const auto ppm = number ? number->exact_scaled(6) : Result<std::int64_t>(number.error());
    if (ppm && *ppm > 0 && *ppm <= max_demand_ppm) return static_cast<std::uint32_t>(*ppm);
    return fail(STIPEND_E_INVALID, "\"demand\": got ", printable(value->dump().substr(0, 40)),
                ", want a factor above 0, at most 100, with at most six decimals");
}

// The memory of a policy in hex, as `memory` of an answer; what is missing at its end is zero.
Result<std::optional<stipend_memory>> memory_member(const Json& line) {
    if (line.find("memory") == nullptr) return std::optional<stipend_memory>();
    STIPEND_LET(text, text_member(line, "memory"));
    stipend_memory out{};
    const auto bytes = hex_decode(text);
    if (!bytes || bytes->size() > sizeof out.bytes) {
        return fail(STIPEND_E_INVALID, "\"memory\": got ", text.size(), " characters, want at most ",
                    2 * sizeof out.bytes, " hex digits, two for each byte");
    }
    std::memcpy(out.bytes, bytes->data(), bytes->size());
    return std::optional(out);
}

Result<std::optional<bool>> truth_member(const Json& line, std::string_view key) {
    const auto* value = line.find(key);
    if (value == nullptr) return std::optional<bool>();
    if (value->is(Json::Kind::boolean)) return std::optional(value->truth());
    return fail(STIPEND_E_INVALID, "\"", key, "\": got ", value->kind_name(), ", want true or false");
}

Result<StateBefore> parse_before(const Json& line) {
    StateBefore out;
    STIPEND_LET(epoch, whole_member(line, "epoch", INT64_MAX));
    if (epoch && *epoch == 0) return fail(STIPEND_E_INVALID, "\"epoch\": got 0, want 1 for the first decision");
    STIPEND_LET(total, whole_member(line, "checks_total", INT64_MAX));
    STIPEND_LET(good, whole_member(line, "checks_ok", INT64_MAX));
    if (good && *good > total.value_or(0)) {
        return fail(STIPEND_E_INVALID, "\"checks_ok\": got ", *good, ", want at most \"checks_total\", which is ",
                    total.value_or(0));
    }
    if (epoch) out.epoch = static_cast<std::uint64_t>(*epoch);
    if (total) out.checks_total = static_cast<std::uint64_t>(*total);
    if (total) out.checks_ok = static_cast<std::uint64_t>(good.value_or(0));
    STIPEND_LET(failures, whole_member(line, "consecutive_failures", UINT32_MAX));
    if (failures) out.consecutive_failures = static_cast<std::uint32_t>(*failures);
    STIPEND_SET(out.suspended, truth_member(line, "suspended"));
    STIPEND_LET(interval, whole_member(line, "interval_seconds", max_interval_s));
    if (interval && *interval == 0) return fail(STIPEND_E_INVALID, "\"interval_seconds\": got 0, want at least 1");
    if (interval) out.interval_ns = *interval * ns_per_s;
    STIPEND_SET(out.memory, memory_member(line));
    if (line.find("at") == nullptr) return out;
    STIPEND_LET(text, text_member(line, "at"));
    auto at = parse_utc(text);
    if (!at) return std::move(at).error().in("\"at\"");
    out.at = *at;
    return out;
}

}  // namespace

void StateBefore::lay_over(ledger::EngineState& state) const {
    if (epoch) state.epoch = *epoch - 1;
    if (checks_total) state.checks_total = *checks_total;
    if (checks_ok) state.checks_ok = *checks_ok;
    if (consecutive_failures) state.consecutive_failures = *consecutive_failures;
    if (suspended) state.suspended = *suspended;
    if (at) state.due_at = *at;
    if (interval_ns) state.interval_ns = *interval_ns;
    if (memory) state.memory = *memory;
}

Result<ReplayLine> parse_check(const Json& line) {
    STIPEND_TRY(check_keys(line));
    ReplayLine out;
    STIPEND_SET(out.orchestrator, text_member(line, "orchestrator"));
    STIPEND_SET(out.result, parse_result(line));
    STIPEND_LET(window, whole_member(line, "window_seconds", max_window_s));
    STIPEND_LET(latency, whole_member(line, "latency_ms", max_latency_ms));
    out.result.evidence.window_s = static_cast<std::uint32_t>(window.value_or(0));
    out.result.evidence.latency_ns = latency.value_or(0) * ns_per_ms;
    STIPEND_LET(observed, percent_member(line, "observed_percent"));
    STIPEND_LET(coverage, percent_member(line, "coverage_percent"));
    if (coverage && !observed && *coverage > 0) {
        return fail(STIPEND_E_INVALID, "\"coverage_percent\": got one above 0, want \"observed_percent\" beside it");
    }
    if (observed || coverage) {
        out.observed = {.up_ppm = observed.value_or(0), .coverage_ppm = coverage.value_or(ppm_one)};
    }
    STIPEND_SET(out.demand_ppm, demand_member(line));
    if (const auto* base = line.find("base_usd"); base != nullptr) {
        auto usd = Usd::parse(base->text());
        if (!usd) return std::move(usd).error().in("\"base_usd\"");
        if (usd->negative()) return fail(STIPEND_E_INVALID, "\"base_usd\": got ", usd->text(), ", want 0 or more");
        out.base = *usd;
    }
    STIPEND_LET(decimals, whole_member(line, "decimals", max_decimals));
    if (decimals) out.decimals = static_cast<std::uint32_t>(*decimals);
    if (const auto* price = line.find("usd_per_unit"); price != nullptr) {
        auto usd = Usd::parse(price->text());
        if (!usd) return std::move(usd).error().in("\"usd_per_unit\"");
        if (*usd <= Usd()) return fail(STIPEND_E_INVALID, "\"usd_per_unit\": got ", usd->text(), ", want above 0");
        out.usd_per_unit_e8 = usd->count_e8();
        if (!out.decimals) out.decimals = ledger::coin_decimals;
    }
    STIPEND_SET(out.before, parse_before(line));
    return out;
}

}  // namespace stipend::engine
