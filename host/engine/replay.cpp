#include "host/engine/replay.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <istream>
#include <ostream>
#include <unordered_map>

#include "host/base/printable.hpp"
#include "host/config/diagnostic.hpp"
#include "host/engine/engine.hpp"
#include "stipend/decimal.hpp"
#include "stipend/duration.hpp"
#include "stipend/hex.hpp"
#include "stipend/money.hpp"

namespace stipend::engine {
namespace {

constexpr std::size_t max_line_bytes = 64 << 10;
constexpr std::int64_t max_latency_ms = 3'600'000;
constexpr std::int64_t max_demand_ppm = 100'000'000;
constexpr std::array<std::string_view, 9> keys{
    "orchestrator", "job",      "uptime_percent", "observed_percent", "coverage_percent", "window_seconds",
    "latency_ms",   "base_usd", "demand"};

// What a line says beside the orchestrator.
struct Check {
    JobResult result = {};
    std::optional<uptime::Observed> observed = {};
    std::optional<Usd> base = {};
    std::uint32_t demand_ppm = 0;  // 0: none
};

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

std::string_view action_name(std::int32_t action) {
    return action == STIPEND_PAY ? "pay" : (action == STIPEND_SKIP ? "skip" : "hold");
}

// A duration in whole seconds, rounded down.
Json seconds(std::int64_t ns) {
    return Json(ns / 1'000'000'000);
}

Json decision_line(const std::string& orchestrator, std::uint64_t epoch, const stipend_decision& decision,
                   const Wei& wei, std::int64_t next_ns, const std::string& reason) {
    Json out = Json::object();
    out.set("orchestrator", orchestrator);
    out.set("epoch", Json::of_number(std::to_string(epoch)));
    out.set("action", action_name(decision.action));
    out.set("tier", decision.tier);
    out.set("uptime_percent", scaled_text(decision.uptime_ppm, 4));
    out.set("multiplier", scaled_text(decision.multiplier_ppm, 6));
    out.set("amount_usd", scaled_text(decision.amount_usd_e8, 8));
    out.set("amount_wei", wei.text());
    out.set("delay_seconds", seconds(decision.delay_ns));
    out.set("penalty_seconds", seconds(decision.penalty_ns));
    out.set("next_in_seconds", seconds(next_ns));
    out.set("consecutive_failures", decision.consecutive_failures);
    out.set("suspended", (decision.flags & STIPEND_DECISION_SUSPENDED) != 0);
    out.set("reason", reason);
    std::string_view memory(reinterpret_cast<const char*>(decision.memory.bytes), sizeof decision.memory.bytes);
    while (!memory.empty() && memory.back() == '\0') memory.remove_suffix(1);
    out.set("memory", hex_encode(memory));
    return out;
}

// Decides one check of one orchestrator, advances its state, and returns the line.
Result<Json> step(const plugin::PolicyInstance& policy, const ReplayTerms& terms, const std::string& orchestrator,
                  ledger::EngineState& state, const Check& check) {
    auto sample = make_sample(state, check.result, check.observed, check.base.value_or(terms.base), state.due_at);
    sample.demand_ppm = check.demand_ppm;
    stipend_decision decision{};
    STIPEND_TRY(policy.decide({&sample, 1}, {&decision, 1}));
    const auto epoch = state.epoch + 1;
    if (decision.action == STIPEND_HOLD) {
        // A held decision leaves count and suspension as they are.
        decision.consecutive_failures = state.consecutive_failures;
        decision.flags = state.suspended ? std::uint32_t{STIPEND_DECISION_SUSPENDED} : 0U;
        decision.delay_ns = 0;
        decision.penalty_ns = 0;
        decision.memory = state.memory;
        STIPEND_TRY(hold(state, state.due_at));
        return decision_line(orchestrator, epoch, decision, Wei(), state.interval_ns,
                             full_reason(decision, check.result));
    }
    STIPEND_LET(next, next_in_ns(decision, terms.interval_ns));
    STIPEND_TRY(apply(state, decision, terms.interval_ns));
    STIPEND_LET(wei, amount_in_units(Usd::of_e8(decision.amount_usd_e8), terms.usd_per_eth_e8, ledger::coin_decimals));
    return decision_line(orchestrator, epoch, decision, wei, next, full_reason(decision, check.result));
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

Result<Check> parse_check(const Json& line) {
    STIPEND_TRY(check_keys(line));
    Check out;
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
    return out;
}

}  // namespace

Result<void> replay(const plugin::PolicyInstance& policy, const ReplayTerms& terms, std::istream& in,
                    std::ostream& out) {
    std::unordered_map<std::string, ledger::EngineState> states;
    std::string text;
    for (std::uint64_t number = 1; std::getline(in, text); ++number) {
        const auto at = cat("line ", number);
        if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
        auto line = parse_json(text, {.bytes = max_line_bytes, .depth = 8, .nodes = 1000});
        if (!line) return std::move(line).error().in(at);
        if (!line->is(Json::Kind::object)) {
            return fail(STIPEND_E_INVALID, at, ": got ", line->kind_name(), ", want an object");
        }
        auto orchestrator = text_member(*line, "orchestrator");
        if (!orchestrator) return std::move(orchestrator).error().in(at);
        auto check = parse_check(*line);
        if (!check) return std::move(check).error().in(at);
        const auto state = states.try_emplace(*orchestrator).first;
        state->second.interval_ns = terms.interval_ns;
        if (states.size() > max_replay_orchestrators) {
            return fail(STIPEND_E_LIMIT, at, ": more than ", max_replay_orchestrators, " orchestrators");
        }
        auto decided = step(policy, terms, *orchestrator, state->second, *check);
        if (!decided) return std::move(decided).error().in(at);
        out << decided->dump() << '\n';
        if (!out) return fail(STIPEND_E_UNAVAILABLE, at, ": cannot write the answer");
    }
    return {};
}

}  // namespace stipend::engine
