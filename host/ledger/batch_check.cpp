#include "host/ledger/batch_check.hpp"

namespace stipend::ledger {
namespace {

struct Text {
    std::string_view name;
    std::string_view value;
    std::size_t limit;
};

template <class... Names>
Result<void> check_texts(std::initializer_list<Text> texts, const Names&... row) {
    for (const auto& text : texts) {
        if (text.value.size() > text.limit) {
            return fail(STIPEND_E_LIMIT, "ledger: ", row..., ": ", text.name, " too long: got ", text.value.size(),
                        " bytes, want at most ", text.limit);
        }
    }
    return {};
}

Result<void> check_state(OrchestratorId id, const EngineState& s) {
    const auto bad = [&](auto&&... what) {
        return fail(STIPEND_E_INVALID, "ledger: state of orchestrator ", id, ": ", what...);
    };
    if (s.epoch > static_cast<std::uint64_t>(INT64_MAX)) return bad("epoch out of range: got ", s.epoch);
    if (s.checks_ok > s.checks_total || s.checks_total > static_cast<std::uint64_t>(INT64_MAX)) {
        return bad("checks: got ", s.checks_ok, " good of ", s.checks_total);
    }
    if (s.interval_ns < 0) return bad("interval: got ", s.interval_ns, " ns, want 0 or more");
    if (s.day_usd_e8 < 0) return bad("usage of the day: got ", s.day_usd_e8, ", want 0 or more");
    return {};
}

Result<void> check_decision(const Decided& decided) {
    const Decision& d = decided.decision;
    const EngineState& s = decided.after;
    const auto bad = [&](auto&&... what) {
        return fail(STIPEND_E_INVALID, "ledger: decision (orchestrator ", d.orchestrator, ", epoch ", d.epoch,
                    "): ", what...);
    };
    if (d.epoch < 1) return bad("epochs begin with 1");
    if (d.decided_at < d.period_from) {
        return bad("the period ends before it begins: from ", d.period_from, " to ", d.decided_at);
    }
    if (d.uptime_ppm.value_or(0) > ppm_one || d.coverage_ppm > ppm_one) return bad("more than all of the period");
    if (d.usd_e8 < 0 || d.delay_ns < 0 || d.penalty_ns < 0) return bad("negative pay, delay or penalty");
    if (d.action == Action::skip && !(d.wei.zero() && d.usd_e8 == 0)) {
        return bad("a skip owes nothing: got ", d.wei.text(), " wei");
    }
    if (s.epoch != d.epoch) return bad("state after it: got epoch ", s.epoch);
    if (s.due_at != d.next_at) return bad("state after it: got due_at ", s.due_at, ", want next_at ", d.next_at);
    if (s.last_decided_at != d.decided_at) {
        return bad("state after it: got last_decided_at ", s.last_decided_at, ", want ", d.decided_at);
    }
    if (s.consecutive_failures != d.consecutive_failures || s.suspended != d.suspended) {
        return bad("state after it: failures or suspension differ");
    }
    STIPEND_TRY(check_texts({{"tier", d.tier, max_tier_bytes},
                             {"reason", d.reason, max_reason_bytes},
                             {"served_by", d.evidence.served_by, max_key_bytes},
                             {"head of the body", d.evidence.body_head, max_body_head_bytes}},
                            "decision (orchestrator ", d.orchestrator, ", epoch ", d.epoch, ")"));
    return check_state(d.orchestrator, s);
}

Result<void> check_orchestrator(const Orchestrator& row) {
    if (row.key.empty()) return fail(STIPEND_E_INVALID, "ledger: orchestrator ", row.id, ": has no key");
    return check_texts({{"key", row.key, max_key_bytes},
                        {"address", row.address, max_key_bytes},
                        {"payout address", row.payout_address, max_key_bytes},
                        {"worker key", row.worker_key, max_key_bytes}},
                       "orchestrator ", row.id);
}

Result<void> check_adjustment(const Adjustment& row) {
    if (row.key.empty() || row.reason.empty()) {
        return fail(STIPEND_E_INVALID, "ledger: adjustment \"", row.key, "\": wants a key and a reason");
    }
    if (row.to < row.from) {
        return fail(STIPEND_E_INVALID, "ledger: adjustment \"", row.key, "\": its time ends before it begins");
    }
    return check_texts(
        {{"key", row.key, max_key_bytes}, {"reason", row.reason, max_reason_bytes}, {"author", row.by, max_key_bytes}},
        "adjustment \"", row.key, "\"");
}

Result<void> check_sizes(const Batch& b) {
    for (const auto size :
         {b.generations.size(), b.added.size(), b.changed.size(), b.gaps_closed.size(), b.decisions.size(),
          b.gaps_opened.size(), b.adjustments.size(), b.observations.size(), b.events.size()}) {
        if (size > max_batch_rows) {
            return fail(STIPEND_E_LIMIT, "ledger: batch too large: got ", size, " rows of one kind, want at most ",
                        max_batch_rows);
        }
    }
    return {};
}

Result<void> check_generation(const Generation& row) {
    return check_texts({{"policy", row.policy, max_key_bytes},
                        {"version", row.version, max_key_bytes},
                        {"hash", row.so_sha256, max_key_bytes},
                        {"configuration", row.config, max_text_bytes},
                        {"terms", row.terms, max_text_bytes}},
                       "generation ", row.id);
}

}  // namespace

Result<void> check_batch(const Batch& b) {
    STIPEND_TRY(check_sizes(b));
    for (const auto& row : b.generations) STIPEND_TRY(check_generation(row));
    for (const auto& added : b.added) {
        STIPEND_TRY(check_orchestrator(added.row));
        STIPEND_TRY(check_state(added.row.id, added.state));
        if (added.state.epoch != 0) {
            return fail(STIPEND_E_INVALID, "ledger: new orchestrator ", added.row.id, ": got epoch ", added.state.epoch,
                        ", want 0");
        }
    }
    for (const auto& row : b.changed) STIPEND_TRY(check_orchestrator(row));
    for (const auto& decided : b.decisions) STIPEND_TRY(check_decision(decided));
    for (const auto& gap : b.gaps_opened) {
        STIPEND_TRY(check_texts({{"cause", gap.cause, max_reason_bytes}}, "gap of ", gap.orchestrator));
    }
    for (const auto& gap : b.gaps_closed) {
        if (gap.usd_e8 < 0) return fail(STIPEND_E_INVALID, "ledger: gap of ", gap.orchestrator, ": negative USD");
    }
    for (const auto& row : b.adjustments) STIPEND_TRY(check_adjustment(row));
    for (const auto& seen : b.observations) {
        STIPEND_TRY(check_texts({{"target", seen.target, max_key_bytes}}, "observation of ", seen.orchestrator));
        if (seen.to < seen.from) {
            return fail(STIPEND_E_INVALID, "ledger: observation of ", seen.orchestrator, ": ends before it begins");
        }
    }
    for (const auto& event : b.events) STIPEND_TRY(check_texts({{"body", event.body, max_text_bytes}}, "event"));
    if (b.price && b.price->usd_per_eth_e8 <= 0) {
        return fail(STIPEND_E_INVALID, "ledger: price: got ", scaled_text(b.price->usd_per_eth_e8, 8),
                    ", want more than 0");
    }
    return {};
}

}  // namespace stipend::ledger
