#include "host/engine/replay.hpp"

#include <istream>
#include <ostream>
#include <unordered_map>

#include "host/engine/engine.hpp"
#include "host/engine/replay_line.hpp"
#include "stipend/hex.hpp"
#include "stipend/money.hpp"

namespace stipend::engine {
namespace {

constexpr std::size_t max_line_bytes = 64 << 10;

std::string_view action_name(std::int32_t action) {
    return action == STIPEND_PAY ? "pay" : (action == STIPEND_SKIP ? "skip" : "hold");
}

// A duration in whole seconds, rounded down.
Json seconds(std::int64_t ns) {
    return Json(ns / 1'000'000'000);
}

// What the host makes of a decision.
struct Settled {
    Wei wei = {};    // of the coin
    Wei units = {};  // of the asset that the line names
    std::int64_t next_ns = 0;
};

Json decision_line(const ReplayLine& check, std::uint64_t epoch, const stipend_decision& decision,
                   const Settled& settled) {
    Json out = Json::object();
    out.set("orchestrator", check.orchestrator);
    out.set("epoch", Json::of_number(std::to_string(epoch)));
    out.set("action", action_name(decision.action));
    out.set("tier", decision.tier);
    out.set("uptime_percent", scaled_text(decision.uptime_ppm, 4));
    out.set("multiplier", scaled_text(decision.multiplier_ppm, 6));
    out.set("amount_usd", scaled_text(decision.amount_usd_e8, 8));
    out.set("amount_wei", settled.wei.text());
    if (check.decimals) {
        out.set("amount_units", settled.units.text());
        out.set("decimals", *check.decimals);
    }
    out.set("delay_seconds", seconds(decision.delay_ns));
    out.set("penalty_seconds", seconds(decision.penalty_ns));
    out.set("next_in_seconds", seconds(settled.next_ns));
    out.set("delay_ns", decision.delay_ns);
    out.set("penalty_ns", decision.penalty_ns);
    out.set("next_in_ns", settled.next_ns);
    out.set("consecutive_failures", decision.consecutive_failures);
    out.set("suspended", (decision.flags & STIPEND_DECISION_SUSPENDED) != 0);
    out.set("reason", full_reason(decision, check.result));
    out.set("policy_reason", decision.reason);
    std::string_view memory(reinterpret_cast<const char*>(decision.memory.bytes), sizeof decision.memory.bytes);
    while (!memory.empty() && memory.back() == '\0') memory.remove_suffix(1);
    out.set("memory", hex_encode(memory));
    return out;
}

// Decides one check of one orchestrator, advances its state, and returns the line.
Result<Json> step(const plugin::PolicyInstance& policy, const ReplayTerms& terms, ledger::EngineState& state,
                  const ReplayLine& check) {
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
        const Settled settled{.next_ns = state.interval_ns};
        STIPEND_TRY(hold(state, state.due_at));
        return decision_line(check, epoch, decision, settled);
    }
    Settled settled;
    STIPEND_SET(settled.next_ns, next_in_ns(decision, terms.interval_ns));
    STIPEND_TRY(apply(state, decision, terms.interval_ns));
    const auto amount = Usd::of_e8(decision.amount_usd_e8);
    const auto rate = check.usd_per_unit_e8.value_or(terms.usd_per_eth_e8);
    STIPEND_SET(settled.wei, amount_in_units(amount, terms.usd_per_eth_e8, ledger::coin_decimals));
    STIPEND_SET(settled.units, amount_in_units(amount, rate, check.decimals.value_or(ledger::coin_decimals)));
    return decision_line(check, epoch, decision, settled);
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
        auto check = parse_check(*line);
        if (!check) return std::move(check).error().in(at);
        const auto state = states.try_emplace(check->orchestrator).first;
        state->second.interval_ns = terms.interval_ns;
        check->before.lay_over(state->second);
        if (states.size() > max_replay_orchestrators) {
            return fail(STIPEND_E_LIMIT, at, ": more than ", max_replay_orchestrators, " orchestrators");
        }
        auto decided = step(policy, terms, state->second, *check);
        if (!decided) return std::move(decided).error().in(at);
        out << decided->dump() << '\n';
        if (!out) return fail(STIPEND_E_UNAVAILABLE, at, ": cannot write the answer");
    }
    return {};
}

}  // namespace stipend::engine
