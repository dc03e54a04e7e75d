#include "host/engine/replay.hpp"

#include <cstring>
#include <istream>
#include <ostream>
#include <unordered_map>

#include "stipend/money.hpp"

namespace stipend::engine {
namespace {

constexpr std::size_t max_line_bytes = 64 << 10;

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
    return Json::of_int(ns / 1'000'000'000);
}

Json decision_line(const std::string& orchestrator, std::uint64_t epoch, const stipend_decision& decision,
                   const Wei& wei, std::int64_t next_ns, const std::string& reason) {
    Json out = Json::object();
    out.set("orchestrator", Json::of_string(orchestrator));
    out.set("epoch", Json::of_number(std::to_string(epoch)));
    out.set("action", Json::of_string(action_name(decision.action)));
    out.set("tier", Json::of_string(decision.tier));
    out.set("multiplier", Json::of_string(scaled_text(decision.multiplier_ppm, 6)));
    out.set("amount_usd", Json::of_string(scaled_text(decision.amount_usd_e8, 8)));
    out.set("amount_wei", Json::of_string(wei.text()));
    out.set("delay_seconds", seconds(decision.delay_ns));
    out.set("penalty_seconds", seconds(decision.penalty_ns));
    out.set("next_in_seconds", seconds(next_ns));
    out.set("consecutive_failures", Json::of_int(decision.consecutive_failures));
    out.set("suspended", Json::of_bool((decision.flags & STIPEND_DECISION_SUSPENDED) != 0));
    out.set("reason", Json::of_string(reason));
    return out;
}

// Decides one check of one orchestrator, advances its state, and returns the line.
Result<Json> step(const plugin::PolicyInstance& policy, const ReplayTerms& terms, const std::string& orchestrator,
                  ledger::EngineState& state, const JobResult& check) {
    const auto sample = make_sample(state, check, {}, terms.base, state.due_at);
    stipend_decision decision{};
    STIPEND_TRY(policy.decide({&sample, 1}, {&decision, 1}));
    const auto epoch = state.epoch + 1;
    if (decision.action == STIPEND_HOLD) {
        // A held decision leaves count and suspension as they are.
        decision.consecutive_failures = state.consecutive_failures;
        decision.flags = state.suspended ? std::uint32_t{STIPEND_DECISION_SUSPENDED} : 0U;
        decision.delay_ns = 0;
        decision.penalty_ns = 0;
        STIPEND_TRY(hold(state, state.due_at));
        return decision_line(orchestrator, epoch, decision, Wei(), state.interval_ns, full_reason(decision, check));
    }
    STIPEND_LET(next, next_in_ns(decision, terms.interval_ns));
    STIPEND_TRY(apply(state, decision, terms.interval_ns));
    STIPEND_LET(wei, amount_in_wei(Usd::of_e8(decision.amount_usd_e8), terms.usd_per_eth_e8));
    return decision_line(orchestrator, epoch, decision, wei, next, full_reason(decision, check));
}

}  // namespace

Result<JobResult> parse_check(const Json& line) {
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
