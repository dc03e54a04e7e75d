#include "host/ledger/batch_check.hpp"

#include <algorithm>
#include <span>

#include "host/ledger/fields.hpp"
#include "host/ledger/invariants.hpp"

namespace stipend::ledger {
namespace {

// LIMIT if a text or a blob is longer than its field allows.
template <Listed Row, class... Names>
Result<void> check_lengths(const Row& row, const Names&... name) {
    Result<void> out;
    const auto check = [&](const Field& field, std::size_t size) {
        if (size <= field.max_bytes || !out) return;
        out = fail(STIPEND_E_LIMIT, "ledger: ", name..., ": ", field.column, " too long: got ", size,
                   " bytes, want at most ", field.max_bytes);
    };
    flat_fields(row, [&](const Field& field, const auto& value) {
        if constexpr (requires { value.text.size(); }) {
            check(field, value.text.size());
        } else if constexpr (requires { value.bytes.size(); }) {
            check(field, value.bytes.size());
        } else if constexpr (std::same_as<decltype(value), const std::string&>) {
            check(field, value.size());
        }
    });
    return out;
}

Result<void> check_state(OrchestratorId id, const EngineState& state) {
    const auto broken = broken_invariant(state);
    if (!broken) return {};
    return fail(STIPEND_E_INVALID, "ledger: state of orchestrator ", id, ": ", *broken);
}

Result<void> check_decision(const Decided& decided) {
    const Decision& d = decided.decision;
    if (const auto broken = broken_invariant(decided)) {
        return fail(STIPEND_E_INVALID, "ledger: decision (orchestrator ", d.orchestrator, ", epoch ", d.epoch,
                    "): ", *broken);
    }
    return check_lengths(d, "decision (orchestrator ", d.orchestrator, ", epoch ", d.epoch, ")");
}

Result<void> check_orchestrator(const Orchestrator& row) {
    if (row.key.empty()) return fail(STIPEND_E_INVALID, "ledger: orchestrator ", row.id, ": has no key");
    return check_lengths(row, "orchestrator ", row.id);
}

Result<void> check_adjustment(const Adjustment& row) {
    if (row.key.empty() || row.reason.empty()) {
        return fail(STIPEND_E_INVALID, "ledger: adjustment \"", row.key, "\": wants a key and a reason");
    }
    if (row.to < row.from) {
        return fail(STIPEND_E_INVALID, "ledger: adjustment \"", row.key, "\": its time ends before it begins");
    }
    return check_lengths(row, "adjustment \"", row.key, "\"");
}

Result<void> check_payment(const ManualPayment& row) {
    if (const auto broken = broken_invariant(row)) {
        return fail(STIPEND_E_INVALID, "ledger: manual payment \"", row.id, "\": ", *broken);
    }
    return check_lengths(row, "manual payment \"", row.id, "\"");
}

template <class Row>
Result<void> check_objection(const Row& row, std::string_view what) {
    if (const auto broken = broken_invariant(row)) {
        return fail(STIPEND_E_INVALID, "ledger: ", what, " of orchestrator ", row.orchestrator, ", epoch ", row.epoch,
                    ": ", *broken);
    }
    return check_lengths(row, what, " of orchestrator ", row.orchestrator, ", epoch ", row.epoch);
}

Result<void> check_answered(const AnsweredRequest& row) {
    if (row.principal.empty() || row.route.empty() || row.key.empty()) {
        return fail(STIPEND_E_INVALID, "ledger: answered request: wants a principal, a route and a key");
    }
    return check_lengths(row, "answered request");
}

Result<void> check_pardon(const Pardoned& pardoned) {
    const auto broken = broken_invariant(pardoned);
    if (broken) return fail(STIPEND_E_INVALID, "ledger: pardon of ", pardoned.row.orchestrator, ": ", *broken);
    return check_lengths(pardoned.row, "pardon of ", pardoned.row.orchestrator);
}

Result<void> check_fee(const Fee& fee) {
    const auto broken = broken_invariant(fee);
    if (!broken) return {};
    return fail(STIPEND_E_INVALID, "ledger: fee (orchestrator ", fee.orchestrator, ", epoch ", fee.epoch, ", attempt ",
                fee.attempt, "): ", *broken);
}

template <class Row>
Result<void> check_payout_rows(const std::vector<Row>& rows, std::string_view what) {
    for (const auto& row : rows) {
        if (const auto broken = broken_invariant(row)) return fail(STIPEND_E_INVALID, "ledger: ", what, ": ", *broken);
        STIPEND_TRY(check_lengths(row, what));
    }
    return {};
}

Result<void> check_payouts(const PayoutChanges& changes) {
    STIPEND_TRY(check_payout_rows(changes.reserved, "payout"));
    STIPEND_TRY(check_payout_rows(changes.slots, "slot"));
    STIPEND_TRY(check_payout_rows(changes.attempts, "attempt"));
    STIPEND_TRY(check_payout_rows(changes.ends, "slot end"));
    return check_payout_rows(changes.steps, "payout step");
}

Result<void> check_sizes(const Batch& b) {
    for (const auto size : {b.networks.size(),
                            b.generations.size(),
                            b.added.size(),
                            b.changed.size(),
                            b.pardons.size(),
                            b.gaps_closed.size(),
                            b.decisions.size(),
                            b.gaps_opened.size(),
                            b.adjustments.size(),
                            b.payments.size(),
                            b.objections.size(),
                            b.objection_answers.size(),
                            b.fees.size(),
                            b.observations.size(),
                            b.events.size(),
                            b.answered.size(),
                            b.payouts.reserved.size(),
                            b.payouts.slots.size(),
                            b.payouts.attempts.size(),
                            b.payouts.ends.size(),
                            b.payouts.steps.size()}) {
        if (size > max_batch_rows) {
            return fail(STIPEND_E_LIMIT, "ledger: batch too large: got ", size, " rows of one kind, want at most ",
                        max_batch_rows);
        }
    }
    return {};
}

}  // namespace

Result<void> check_batch(const Batch& b) {
    STIPEND_TRY(check_sizes(b));
    for (const auto& row : b.networks) {
        if (const auto broken = broken_invariant(row)) {
            return fail(STIPEND_E_INVALID, "ledger: network ", row.id, ": ", *broken);
        }
        STIPEND_TRY(check_lengths(row, "network ", row.id));
    }
    for (const auto& row : b.generations) STIPEND_TRY(check_lengths(row, "generation ", row.id));
    for (const auto& added : b.added) {
        STIPEND_TRY(check_orchestrator(added.row));
        STIPEND_TRY(check_state(added.row.id, added.state));
        if (added.state.epoch != 0) {
            return fail(STIPEND_E_INVALID, "ledger: new orchestrator ", added.row.id, ": got epoch ", added.state.epoch,
                        ", want 0");
        }
    }
    for (const auto& row : b.changed) STIPEND_TRY(check_orchestrator(row));
    for (const auto& pardoned : b.pardons) STIPEND_TRY(check_pardon(pardoned));
    for (const auto& decided : b.decisions) STIPEND_TRY(check_decision(decided));
    for (const auto& gap : b.gaps_opened) STIPEND_TRY(check_lengths(gap, "gap of ", gap.orchestrator));
    for (const auto& gap : b.gaps_closed) {
        if (gap.usd.negative()) return fail(STIPEND_E_INVALID, "ledger: gap of ", gap.orchestrator, ": negative USD");
    }
    for (const auto& row : b.adjustments) STIPEND_TRY(check_adjustment(row));
    for (const auto& row : b.payments) STIPEND_TRY(check_payment(row));
    for (const auto& row : b.objections) STIPEND_TRY(check_objection(row, "objection"));
    for (const auto& row : b.objection_answers) STIPEND_TRY(check_objection(row, "objection answer"));
    for (const auto& row : b.answered) STIPEND_TRY(check_answered(row));
    STIPEND_TRY(check_payouts(b.payouts));
    for (const auto& fee : b.fees) STIPEND_TRY(check_fee(fee));
    for (const auto& seen : b.observations) {
        STIPEND_TRY(check_lengths(seen, "observation of ", seen.orchestrator));
        if (seen.to < seen.from) {
            return fail(STIPEND_E_INVALID, "ledger: observation of ", seen.orchestrator, ": ends before it begins");
        }
    }
    for (const auto& event : b.events) {
        if (event.body.size() > max_text_bytes) {
            return fail(STIPEND_E_LIMIT, "ledger: event: body too long: got ", event.body.size(),
                        " bytes, want at most ", max_text_bytes);
        }
    }
    for (std::size_t at = 0; at < b.prices.size(); ++at) {
        const auto& one = b.prices[at];
        if (one.usd_per_eth_e8 <= 0) {
            return fail(STIPEND_E_INVALID, "ledger: price: got ", scaled_text(one.usd_per_eth_e8, 8),
                        ", want more than 0");
        }
        const auto before = std::span(b.prices).first(at);
        if (std::ranges::find(before, one.network, &Price::network) != before.end()) {
            return fail(STIPEND_E_INVALID, "ledger: price: two of network ", one.network, " in one transaction");
        }
    }
    for (const auto& demand : b.demands) {
        if (const auto broken = broken_invariant(demand)) {
            return fail(STIPEND_E_INVALID, "ledger: demand: ", *broken);
        }
    }
    return {};
}

}  // namespace stipend::ledger
