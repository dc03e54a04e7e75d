// Writes the rows of payouts. What the tables say refuses a row that does not follow, whatever the caller believes.
#include "host/ledger/journal_writer.hpp"

#include <algorithm>

#include "host/ledger/columns.hpp"
#include "host/ledger/invariants.hpp"

namespace stipend::ledger {

Result<void> JournalWriter::add_payout_changes(const PayoutChanges& changes) {
    if (!changes.empty() && !ns_.name.starts_with("live:")) {
        return fail(STIPEND_E_INVALID, "ledger: ", database_.path(), ": payout in ", ns_.name,
                    ": nothing of a dry run is ever paid");
    }
    for (const auto& row : changes.reserved) STIPEND_TRY(add_payout(row));
    for (const auto& row : changes.slots) STIPEND_TRY(add_slot(row));
    for (const auto& row : changes.attempts) STIPEND_TRY(add_attempt(row));
    for (const auto& row : changes.ends) STIPEND_TRY(end_slot(row));
    for (const auto& row : changes.steps) STIPEND_TRY(add_payout_step(row));
    // A slot says of how many payouts it is, so that none joins or leaves it later.
    for (const auto& row : changes.slots) {
        STIPEND_LET(bound, database_.prepare("SELECT count(*) FROM payout WHERE slot = ?"));
        STIPEND_LET(counted, bound.bind(row.id).next());
        if (const auto got = counted ? bound.as<std::uint32_t>() : 0; got != row.payouts) {
            return fail(STIPEND_E_INVALID, "ledger: ", database_.path(), ": slot ", row.id, ": got ", got,
                        " payouts bound to it, want ", row.payouts);
        }
    }
    // A slot ends with an outcome for each of its payouts.
    for (const auto& row : changes.ends) {
        STIPEND_LET(open, database_.prepare("SELECT id FROM payout WHERE slot = ? AND state NOT IN (7, 8)"));
        STIPEND_LET(found, open.bind(row.slot).next());
        if (found) {
            return fail(STIPEND_E_CONFLICT, "ledger: ", database_.path(), ": end of slot ", row.slot, ": payout ",
                        open.i64(), " of it is not over");
        }
    }
    return {};
}

Result<void> JournalWriter::add_payout(const Payout& row) {
    STIPEND_ASSERT(!broken_invariant(row));  // check_batch rejects such a batch
    STIPEND_TRY(check_in_namespace(row.orchestrator));
    const auto name = cat("ledger: ", database_.path(), ": payout ", row.id, " of orchestrator ", row.orchestrator);
    if (row.id != at_.last_payout + 1) return fail(STIPEND_E_INVALID, name, ": want id ", at_.last_payout + 1);
    STIPEND_LET(space, space_of(row.network));
    STIPEND_LET(open, database_.prepare("SELECT id FROM payout WHERE orchestrator = ? AND network = ? AND "
                                        "state NOT IN (7, 8)"));
    STIPEND_LET(has_one, open.bind(row.orchestrator).bind(row.network).next());
    if (has_one) return fail(STIPEND_E_CONFLICT, name, ": payout ", open.i64(), " of it is not over");
    STIPEND_LET(owed, owed_on(row.orchestrator, row.network));
    if (owed != row.wei) {
        return fail(STIPEND_E_CONFLICT, name, ": reserves ", row.wei.text(), " wei, but ", owed.text(), " are owed");
    }
    STIPEND_LET(seq, audit(AuditKind::payout, payout_body(row)));
    STIPEND_LET(insert, database_.prepare(insert_sql("payout", cat("seq, ", columns<Payout>(), ", state, slot"))));
    bind_row(insert.bind(seq), row);
    STIPEND_TRY(insert.bind(static_cast<int>(PayoutState::reserved)).bind(0).run());
    at_.last_payout = row.id;
    STIPEND_LET(inflight, inflight_account(*space, row.orchestrator));
    STIPEND_TRY(
        transfer(seq, JournalKind::payout, space->id, debt_account(row.orchestrator, row.network), inflight, row.wei));
    STIPEND_LET(less, row.wei.negated());
    return change_owed(row.orchestrator, row.network, less);
}

Result<void> JournalWriter::add_slot(const Slot& row) {
    STIPEND_ASSERT(!broken_invariant(row));
    const auto name =
        cat("ledger: ", database_.path(), ": slot ", row.id, " (nonce ", row.nonce, " of ", row.payer, ")");
    if (row.id != at_.last_slot + 1) return fail(STIPEND_E_INVALID, name, ": want id ", at_.last_slot + 1);
    // Nonces of a payer have no gap: one that is missing blocks all behind it.
    STIPEND_LET(space, space_of(row.network));
    STIPEND_LET(last, database_.prepare("SELECT max(nonce) FROM slot WHERE payer = ? AND chain_id = ? AND state != 2"));
    STIPEND_TRY(last.bind_text(row.payer).bind(space->row.chain_id).next());
    if (const auto highest = last.maybe<std::uint64_t>(); highest && row.nonce != *highest + 1) {
        return fail(STIPEND_E_CONFLICT, name, ": the highest nonce that is taken is ", *highest);
    }
    STIPEND_LET(seq, audit(AuditKind::slot, slot_body(row)));
    STIPEND_LET(insert, database_.prepare(insert_sql("slot", cat("seq, ", columns<Slot>(), ", state, chain_id"))));
    bind_row(insert.bind(seq), row);
    STIPEND_TRY(insert.bind(static_cast<int>(SlotState::open)).bind(space->row.chain_id).run());
    at_.last_slot = row.id;
    return {};
}

Result<void> JournalWriter::check_open_slot(SlotId slot, std::string_view name) {
    STIPEND_LET(rows, database_.prepare("SELECT state FROM slot WHERE id = ?"));
    STIPEND_LET(found, rows.bind(slot).next());
    if (found && rows.i64() == static_cast<int>(SlotState::open)) return {};
    return fail(STIPEND_E_CONFLICT, "ledger: ", database_.path(), ": ", name, ": slot ", slot, " is not open");
}

Result<void> JournalWriter::add_attempt(const Attempt& row) {
    STIPEND_ASSERT(!broken_invariant(row));
    STIPEND_TRY(check_open_slot(row.slot, "attempt"));
    STIPEND_LET(count, database_.prepare("SELECT count(*) FROM attempt WHERE slot = ?"));
    STIPEND_TRY(count.bind(row.slot).next());
    if (count.as<std::size_t>() >= max_attempts) {
        return fail(STIPEND_E_LIMIT, "ledger: ", database_.path(), ": slot ", row.slot, ": got more than ",
                    max_attempts, " attempts");
    }
    STIPEND_LET(seq, audit(AuditKind::attempt, attempt_body(row)));
    return insert_row(database_, "attempt", seq, row);
}

Result<void> JournalWriter::end_slot(const SlotEnd& row) {
    STIPEND_ASSERT(!broken_invariant(row));
    const auto name = cat("end of slot ", row.slot);
    STIPEND_TRY(check_open_slot(row.slot, name));
    const bool free_again = row.kind() == EndKind::free;
    STIPEND_LET(own, database_.prepare("SELECT count(*), count(CASE WHEN id = ?2 THEN 1 END) FROM attempt WHERE "
                                       "slot = ?1"));
    STIPEND_TRY(own.bind(row.slot).bind_blob(row.id).next());
    const auto attempts = own.i64();
    const auto matching = own.i64();
    if (free_again ? attempts != 0 : row.kind() == EndKind::attempt && matching != 1) {
        return fail(STIPEND_E_CONFLICT, "ledger: ", database_.path(), ": ", name, ": ",
                    free_again ? "something was signed for it" : "its attempt is none of the slot's");
    }
    if (free_again) {
        STIPEND_LET(later,
                    database_.prepare("SELECT count(*) FROM slot a JOIN slot b ON b.payer = a.payer AND "
                                      "b.chain_id = a.chain_id WHERE a.id = ? AND b.state != 2 AND b.nonce > a.nonce"));
        STIPEND_TRY(later.bind(row.slot).next());
        if (later.i64() != 0) {
            return fail(STIPEND_E_CONFLICT, "ledger: ", database_.path(), ": ", name, ": higher nonces are taken");
        }
    }
    STIPEND_LET(seq, audit(AuditKind::slot_end, slot_end_body(row)));
    STIPEND_TRY(insert_row(database_, "slot_end", seq, row));
    STIPEND_LET(close, database_.prepare("UPDATE slot SET state = ? WHERE id = ?"));
    STIPEND_TRY(close.bind(static_cast<int>(free_again ? SlotState::free : SlotState::ended)).bind(row.slot).run());
    if (row.fee_wei.zero()) return {};
    // A fee is paid in the coin of the chain, whatever the slot pays.
    STIPEND_LET(by, payer_of(row.slot));
    STIPEND_LET(space, space_of(by.network));
    STIPEND_LET(gas, account_of(space->coin, "expense:gas"));
    STIPEND_LET(treasury, account_of(space->coin, cat("treasury:", by.payer)));
    return transfer(seq, JournalKind::slot_end, space->coin, gas, treasury, row.fee_wei);
}

Result<void> JournalWriter::add_payout_step(const PayoutStep& row) {
    STIPEND_ASSERT(!broken_invariant(row));
    const auto name = cat("ledger: ", database_.path(), ": payout ", row.payout);
    STIPEND_LET(rows, database_.prepare("SELECT orchestrator, wei, state, slot, network FROM payout WHERE id = ?"));
    STIPEND_LET(found, rows.bind(row.payout).next());
    if (!found) return fail(STIPEND_E_INVALID, name, ": there is none");
    const OrchestratorId orchestrator = rows.i64();
    const auto wei = SignedWei::from_bytes(rows.bytes32());
    const auto from = static_cast<PayoutState>(rows.i64());
    const SlotId bound_to = rows.i64();
    const NetworkId network = rows.i64();
    rows.reset();
    STIPEND_TRY(check_in_namespace(orchestrator));
    if (!can_follow(from, row.state)) {
        return fail(STIPEND_E_CONFLICT, name, ": goes from ", payout_state_name(from), " to ",
                    payout_state_name(row.state), ", which does not follow");
    }
    STIPEND_TRY(check_binding(row, bound_to, name));
    STIPEND_LET(space, space_of(network));
    if (row.slot != 0) {
        STIPEND_LET(by, payer_of(row.slot));
        if (by.network != network) {
            return fail(STIPEND_E_CONFLICT, name, ": is of network ", network, ", but its slot ", row.slot,
                        " of network ", by.network);
        }
    }
    STIPEND_LET(seq, audit(AuditKind::payout_step, payout_step_body(row)));
    STIPEND_TRY(insert_row(database_, "payout_step", seq, row));
    STIPEND_LET(update, database_.prepare("UPDATE payout SET state = ?, slot = ? WHERE id = ?"));
    STIPEND_TRY(update.bind(static_cast<int>(row.state)).bind(row.slot).bind(row.payout).run());
    if (!is_over(row.state)) return {};
    STIPEND_LET(inflight, inflight_account(*space, orchestrator));
    if (row.state == PayoutState::returned) {
        STIPEND_TRY(
            transfer(seq, JournalKind::payout_step, space->id, inflight, debt_account(orchestrator, network), wei));
        return change_owed(orchestrator, network, wei);
    }
    STIPEND_LET(by, payer_of(row.slot));
    STIPEND_LET(treasury, account_of(space->id, cat("treasury:", by.payer)));
    return transfer(seq, JournalKind::payout_step, space->id, inflight, treasury, wei);
}

// A payout keeps its slot; it leaves one only where that is free again, or has ended without paying it.
Result<void> JournalWriter::check_binding(const PayoutStep& row, SlotId bound_to, std::string_view name) {
    if (row.state == PayoutState::paid || (row.state == PayoutState::returned && bound_to != 0)) {
        STIPEND_LET(end, database_.prepare("SELECT e.executed AND NOT ifnull(a.gives_up, 0), s.payouts FROM slot_end e "
                                           "JOIN slot s ON s.id = e.slot LEFT JOIN attempt a ON a.id = e.id WHERE "
                                           "e.slot = ?"));
        STIPEND_LET(ended, end.bind(bound_to).next());
        if (!ended) return fail(STIPEND_E_CONFLICT, name, ": its slot ", bound_to, " has not ended");
        const bool paid = end.i64() != 0;
        if (row.state == PayoutState::paid && !paid) {
            return fail(STIPEND_E_CONFLICT, name, ": its slot ", bound_to, " was not executed, or pays nothing");
        }
        // A batch says of each payee whether it was paid; a single payment that was executed has paid its one.
        if (row.state == PayoutState::returned && paid && end.i64() == 1) {
            return fail(STIPEND_E_CONFLICT, name, ": its slot ", bound_to, " has paid it");
        }
    }
    if (row.state == PayoutState::bound && bound_to == 0) return check_open_slot(row.slot, name);
    if (row.state == PayoutState::reserved && bound_to != 0) {
        STIPEND_LET(slot, database_.prepare("SELECT state FROM slot WHERE id = ?"));
        STIPEND_LET(found, slot.bind(bound_to).next());
        if (found && slot.i64() == static_cast<int>(SlotState::free)) return {};
        return fail(STIPEND_E_CONFLICT, name, ": its slot ", bound_to, " is not free");
    }
    if (row.slot == bound_to) return {};
    return fail(STIPEND_E_CONFLICT, name, ": is bound to slot ", bound_to, ", got ", row.slot);
}

Result<std::int64_t> JournalWriter::inflight_account(const Space& space, OrchestratorId orchestrator) {
    STIPEND_LET(rows, database_.prepare("SELECT key FROM orchestrator WHERE id = ?"));
    STIPEND_TRY(rows.bind(orchestrator).next());
    const auto key = rows.text();
    rows.reset();
    return account_of(space.id, cat("inflight:", key));
}

Result<JournalWriter::PayerOf> JournalWriter::payer_of(SlotId slot) {
    STIPEND_LET(rows, database_.prepare("SELECT payer, network FROM slot WHERE id = ?"));
    STIPEND_TRY(rows.bind(slot).next());
    PayerOf out{.payer = rows.text()};
    out.network = rows.i64();
    return out;
}

Result<void> JournalWriter::transfer(Seq ref, JournalKind kind, std::int64_t space, std::int64_t from, std::int64_t to,
                                     const SignedWei& wei) {
    STIPEND_LET(less, wei.negated());
    Journal journal{.ref = ref, .kind = kind, .last = ref, .entries = {{from, less, space}, {to, wei, space}}};
    std::ranges::sort(journal.entries, {}, &Entry::account);
    return write_journal(journal);
}

}  // namespace stipend::ledger
