#include "host/engine/pardon.hpp"

#include <algorithm>
#include <cstring>
#include <functional>

#include "host/base/time.hpp"
#include "host/engine/payee_state.hpp"

namespace stipend::engine {
namespace {

using Skips = std::function<bool(const ledger::Decision&)>;

bool is_due_in(const ledger::Decision& d, stipend_unix_ns from, stipend_unix_ns to) {
    return d.due_at >= from && d.due_at < to && ledger::can_be_pardoned(d);
}

// The state after the decisions without those that `skips` names; its due time is that of the last remaining one.
// Decisions after the epoch `compared_after` must come out as they are recorded.
Result<ledger::EngineState> decide_again(const PardonTerms& terms, const ledger::PardonHistory& history,
                                         const Skips& skips, std::uint64_t compared_after) {
    auto state = history.before;
    // Memory of another policy, or of another layout, would be misread.
    if (history.memory_policy != terms.policy.plugin_id() || history.memory_version != terms.policy.memory_version()) {
        state.memory = {};
    }
    for (const auto& d : history.decisions) {
        const auto interval_ns = next_interval_ns(d);
        if (skips(d)) {
            state.epoch = d.epoch;
            state.interval_ns = interval_ns;
            continue;
        }
        state.due_at = d.due_at;
        const auto sample = recorded_sample(state, d, terms.base);
        stipend_decision decision{};
        STIPEND_TRY(terms.policy.decide({&sample, 1}, {&decision, 1}));
        const bool same = d.epoch <= compared_after || decides_as_recorded(decision, d);
        if (decision.action == STIPEND_HOLD || !same) {
            return fail(STIPEND_E_INVALID, "the policy in force does not decide epoch ", d.epoch, " as generation ",
                        d.generation, " did: got ", decision.action == STIPEND_HOLD ? "a hold" : decision.tier,
                        ", want ", d.tier, ": what would have been is not known");
        }
        STIPEND_TRY(apply(state, decision, interval_ns));
    }
    return state;
}

// That the history leads to the state as it is: then it is whole, and the policy's memory is known at each step.
Result<void> check_history(const PardonTerms& terms, const ledger::EngineState& state,
                           const ledger::PardonHistory& history) {
    const auto last_pardon = history.pardons.empty() ? 0 : history.pardons.back().epoch;
    STIPEND_LET(again, decide_again(
                           terms, history, [&](const auto& d) { return history.is_pardoned(d); }, last_pardon));
    const bool same = again.epoch == state.epoch && again.consecutive_failures == state.consecutive_failures &&
                      again.suspended == state.suspended && again.checks_total == state.checks_total &&
                      again.checks_ok == state.checks_ok &&
                      std::memcmp(&again.memory, &state.memory, sizeof state.memory) == 0;
    if (same) return {};
    return fail(STIPEND_E_INVALID, "the policy in force, asked again, comes to another state after epoch ", state.epoch,
                ": got ", again.consecutive_failures, " failures and ", again.checks_ok, " of ", again.checks_total,
                " good checks, want ", state.consecutive_failures, " and ", state.checks_ok, " of ", state.checks_total,
                ", and the same memory");
}

}  // namespace

Result<PardonRequest> parse_pardon(const Json& json) {
    const auto flag = [&](std::string_view key) {
        const auto* value = json.find(key);
        return value != nullptr && value->is(Json::Kind::boolean) && value->truth();
    };
    STIPEND_LET(stretch, parse_stretch(json, !flag("all")));
    return PardonRequest{std::move(stretch), flag("dry_run")};
}

Result<ledger::Pardoned> make_pardon(const PardonRequest& request, const PardonTerms& terms,
                                     const ledger::EngineState& state, const ledger::PardonHistory& history,
                                     stipend_unix_ns now) {
    const auto pardoned_now = [&](const ledger::Decision& d) {
        return is_due_in(d, request.from, request.to) && !history.is_pardoned(d);
    };
    const auto checks = std::count_if(history.decisions.begin(), history.decisions.end(), pardoned_now);
    if (checks == 0) {
        return fail(STIPEND_E_INVALID, "nothing to pardon: no check that was due from ", utc_text(request.from), " to ",
                    utc_text(request.to), " counted as a failure or made it wait, unless it is pardoned already");
    }
    if (history.decisions.back().epoch != state.epoch) {
        return fail(STIPEND_E_BUSY, "epoch ", state.epoch, " was decided meanwhile: try again");
    }
    STIPEND_TRY(check_history(terms, state, history));
    STIPEND_LET(again, decide_again(
                           terms, history, [&](const auto& d) { return pardoned_now(d) || history.is_pardoned(d); },
                           UINT64_MAX));
    // Time that has passed is not decided, and none that an adjustment paid or excused.
    auto earliest = std::max(now, again.due_at);
    if (history.adjusted_to) {
        stipend_unix_ns whole_period_later = 0;
        if (__builtin_add_overflow(*history.adjusted_to, state.interval_ns, &whole_period_later)) {
            return fail(STIPEND_E_LIMIT, "an adjustment ends too late: got ", *history.adjusted_to);
        }
        earliest = std::max(earliest, whole_period_later);
    }
    ledger::Pardoned out{.row = {.orchestrator = history.decisions.front().orchestrator,
                                 .epoch = state.epoch,
                                 .from = request.from,
                                 .to = request.to,
                                 .checks = static_cast<std::uint32_t>(checks),
                                 .failures_before = state.consecutive_failures,
                                 .failures_after = again.consecutive_failures,
                                 .suspended_before = state.suspended,
                                 .suspended_after = again.suspended,
                                 .due_before = state.due_at,
                                 .due_after = std::min(state.due_at, earliest),
                                 .reason = request.reason,
                                 .by = request.by,
                                 .at = now},
                         .after = state};
    out.after.due_at = out.row.due_after;
    out.after.consecutive_failures = again.consecutive_failures;
    out.after.suspended = again.suspended;
    out.after.checks_total = again.checks_total;
    out.after.checks_ok = again.checks_ok;
    out.after.memory = again.memory;
    out.after.memory_generation = terms.generation;
    return out;
}

Json to_json(const std::string& orchestrator, const ledger::Pardon& row) {
    Json out = Json::object();
    out.append("orchestrator", orchestrator);
    out.append("checks", std::int64_t{row.checks});
    out.append("failures_before", std::int64_t{row.failures_before});
    out.append("failures_after", std::int64_t{row.failures_after});
    out.append("suspended_before", row.suspended_before);
    out.append("suspended_after", row.suspended_after);
    out.append("due_before", utc_text(row.due_before));
    out.append("due_after", utc_text(row.due_after));
    return out;
}

}  // namespace stipend::engine
