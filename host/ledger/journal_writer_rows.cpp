// Writes all rows other than decisions.
#include "host/ledger/journal_writer.hpp"

#include "host/ledger/columns.hpp"
#include "host/ledger/invariants.hpp"

namespace stipend::ledger {

Result<void> JournalWriter::add_generation(const Generation& row) {
    if (row.id != at_.last_generation + 1) {
        return fail(STIPEND_E_INVALID, "ledger: ", database_.path(), ": generation: got id ", row.id, ", want ",
                    at_.last_generation + 1);
    }
    STIPEND_LET(seq, audit(AuditKind::generation, generation_body(row)));
    STIPEND_TRY(insert_row(database_, "generation", seq, row));
    at_.last_generation = row.id;
    return {};
}

Result<void> JournalWriter::add_orchestrator(const NewOrchestrator& added) {
    const Orchestrator& row = added.row;
    if (row.id != at_.last_orchestrator + 1 || row.id > max_orchestrator) {
        return fail(STIPEND_E_INVALID, "ledger: ", database_.path(), ": orchestrator \"", row.key, "\": got id ",
                    row.id, ", want ", at_.last_orchestrator + 1);
    }
    STIPEND_LET(exists, find_key_.bind(ns_.id).bind_text(row.key).next());
    if (exists) {
        const auto taken = find_key_.i64();
        find_key_.reset();
        return fail(STIPEND_E_CONFLICT, "ledger: ", database_.path(), ": orchestrator \"", row.key, "\" of ", ns_.name,
                    ": got id ", row.id, ", has id ", taken);
    }
    STIPEND_LET(seq, audit(AuditKind::orchestrator, orchestrator_body(row, ns_.name)));
    bind_row(insert_orchestrator_, row);
    STIPEND_TRY(insert_orchestrator_.bind(ns_.id).bind(seq).run());
    STIPEND_TRY(insert_account_.bind(row.id).bind(ns_.id).bind_text(row.key).run());

    STIPEND_LET(state_seq, audit(AuditKind::state, state_body(row.id, digest_of(added.state))));
    STIPEND_ASSERT(!broken_invariant(added.state));  // check_batch rejects such a batch
    bind_row(insert_state_, added.state);
    STIPEND_TRY(insert_state_.bind(row.id).bind(state_seq).bind_amount(SignedWei().to_bytes()).run());

    at_.last_orchestrator = row.id;
    members_.resize(std::max(members_.size(), static_cast<std::size_t>(row.id) + 1));
    members_[static_cast<std::size_t>(row.id)].known = true;
    return row.network == 0 ? Result<void>() : enter_network(row.id, row.key, row.network, seq);
}

Result<void> JournalWriter::change_orchestrator(const Orchestrator& row) {
    STIPEND_TRY(check_in_namespace(row.id));
    STIPEND_LET(seq, audit(AuditKind::orchestrator, orchestrator_body(row, ns_.name)));
    const auto& own = columns<Orchestrator>();
    STIPEND_LET(update, database_.prepare(cat("UPDATE orchestrator SET (", own, ") = (", placeholders(own),
                                              "), seq = ? WHERE id = ? AND key = ?")));
    bind_row(update, row);
    STIPEND_LET(changed, update.bind(seq).bind(row.id).bind_text(row.key).run_counted());
    if (changed == 1 && row.network == network_of(row.id)) return {};
    if (changed == 1) return enter_network(row.id, row.key, row.network, seq);
    return fail(STIPEND_E_CONFLICT, "ledger: ", database_.path(), ": orchestrator ", row.id,
                ": its key never changes: got \"", row.key, "\"");
}

Result<std::optional<JournalWriter::OpenGap>> JournalWriter::open_gap_of(OrchestratorId id) {
    STIPEND_LET(exists, find_gap_.bind(id).next());
    if (!exists) return std::optional<OpenGap>();
    OpenGap out;
    out.seq = find_gap_.i64();
    out.from = find_gap_.i64();
    find_gap_.reset();
    return std::optional(out);
}

Result<void> JournalWriter::open_gap(const GapOpening& gap) {
    STIPEND_TRY(check_in_namespace(gap.orchestrator));
    STIPEND_LET(open, open_gap_of(gap.orchestrator));
    if (open) {
        return fail(STIPEND_E_CONFLICT, "ledger: ", database_.path(), ": gap of orchestrator ", gap.orchestrator,
                    ": one is open already, from ", open->from, "; got one from ", gap.from);
    }
    STIPEND_LET(seq, audit(AuditKind::gap_opened, gap_opened_body(gap)));
    bind_row(insert_gap_.bind(seq), gap);
    return insert_gap_.run();
}

Result<void> JournalWriter::close_gap(const GapClosing& gap) {
    STIPEND_TRY(check_in_namespace(gap.orchestrator));
    STIPEND_LET(open, open_gap_of(gap.orchestrator));
    if (!open || gap.to < open->from) {
        return fail(STIPEND_E_CONFLICT, "ledger: ", database_.path(), ": gap of orchestrator ", gap.orchestrator,
                    open ? ": ends before it begins: " : ": none is open: ", "got its end at ", gap.to);
    }
    STIPEND_LET(seq, audit(AuditKind::gap_closed, gap_closed_body(open->seq, gap.to, gap.usd)));
    return close_gap_.bind(gap.to).bind(gap.usd.count_e8()).bind(seq).bind(open->seq).run();
}

Result<void> JournalWriter::add_adjustment(const Adjustment& row) {
    STIPEND_TRY(check_in_namespace(row.orchestrator));
    STIPEND_LET(taken, database_.prepare("SELECT seq FROM adjustment WHERE key = ?"));
    STIPEND_LET(exists, taken.bind_text(row.key).next());
    if (exists) {
        return fail(STIPEND_E_CONFLICT, "ledger: ", database_.path(), ": adjustment \"", row.key,
                    "\": recorded already, at seq ", taken.i64(), ": rows are never changed, use another key");
    }
    STIPEND_LET(seq, audit(AuditKind::adjustment, adjustment_body(row)));
    STIPEND_TRY(insert_row(database_, "adjustment", seq, row));
    return owe(seq, JournalKind::adjustment, row.orchestrator, row.wei);
}

Result<void> JournalWriter::add_payment(const ManualPayment& row) {
    STIPEND_ASSERT(!broken_invariant(row));  // check_batch rejects such a batch
    STIPEND_TRY(check_in_namespace(row.orchestrator));
    STIPEND_LET(taken, database_.prepare("SELECT seq FROM manual_payment WHERE id = ?"));
    STIPEND_LET(exists, taken.bind_text(row.id).next());
    if (exists) {
        return fail(STIPEND_E_CONFLICT, "ledger: ", database_.path(), ": manual payment \"", row.id,
                    "\": recorded already, at seq ", taken.i64());
    }
    STIPEND_LET(space, space_of(network_of(row.orchestrator)));
    if (row.decimals != space->row.decimals) {
        return fail(STIPEND_E_INVALID, "ledger: ", database_.path(), ": manual payment \"", row.id, "\": got ",
                    row.decimals, " decimals, want those of its network, ", space->row.decimals);
    }
    STIPEND_LET(seq, audit(AuditKind::manual_payment, manual_payment_body(row)));
    STIPEND_TRY(insert_row(database_, "manual_payment", seq, row));
    return owe(seq, JournalKind::manual_payment, row.orchestrator, row.wei);
}

Result<void> JournalWriter::add_objection(const Objection& row) {
    STIPEND_ASSERT(!broken_invariant(row));  // check_batch rejects such a batch
    STIPEND_TRY(check_in_namespace(row.orchestrator));
    const auto name = cat("ledger: ", database_.path(), ": objection of orchestrator ", row.orchestrator);
    STIPEND_LET(state, database_.prepare("SELECT epoch FROM engine_state WHERE orchestrator = ?"));
    STIPEND_LET(known, state.bind(row.orchestrator).next());
    if (const auto last = known ? state.as<std::uint64_t>() : 0; row.epoch > last) {
        return fail(STIPEND_E_INVALID, name, ": epoch ", row.epoch, " is not decided: the last one is ", last);
    }
    STIPEND_LET(taken, database_.prepare("SELECT seq FROM objection WHERE orchestrator = ? AND epoch = ?"));
    STIPEND_LET(exists, taken.bind(row.orchestrator).bind(row.epoch).next());
    if (exists) {
        return fail(STIPEND_E_CONFLICT, name, ": one to epoch ", row.epoch, " is recorded already, at seq ",
                    taken.i64());
    }
    STIPEND_LET(seq, audit(AuditKind::objection, objection_body(row)));
    return insert_row(database_, "objection", seq, row);
}

Result<void> JournalWriter::add_objection_answer(const ObjectionAnswer& row) {
    STIPEND_ASSERT(!broken_invariant(row));  // check_batch rejects such a batch
    STIPEND_TRY(check_in_namespace(row.orchestrator));
    const auto name = cat("ledger: ", database_.path(), ": answer to the objection of orchestrator ", row.orchestrator,
                          " to epoch ", row.epoch);
    if (!row.adjustment.empty()) {
        STIPEND_LET(paid, database_.prepare("SELECT 1 FROM adjustment WHERE key = ? AND orchestrator = ?"));
        STIPEND_LET(is_there, paid.bind_text(row.adjustment).bind(row.orchestrator).next());
        if (!is_there) return fail(STIPEND_E_INVALID, name, ": no such adjustment: ", row.adjustment);
    }
    STIPEND_LET(seq, audit(AuditKind::objection_answer, objection_answer_body(row)));
    STIPEND_TRY(insert_row(database_, "objection_answer", seq, row));
    STIPEND_LET(close, database_.prepare("UPDATE objection SET answered = ? WHERE orchestrator = ? AND epoch = ? AND "
                                         "answered IS NULL"));
    STIPEND_LET(closed, close.bind(seq).bind(row.orchestrator).bind(row.epoch).run_counted());
    if (closed == 1) return {};
    return fail(STIPEND_E_CONFLICT, name, ": there is none, or it is answered already");
}

Result<void> JournalWriter::owe(Seq ref, JournalKind kind, OrchestratorId orchestrator, const SignedWei& wei) {
    if (wei.zero()) return write_journal({.ref = ref, .kind = kind, .last = ref});
    const auto network = network_of(orchestrator);
    STIPEND_LET(space, space_of(network));
    STIPEND_TRY(transfer(ref, kind, space->id, space->expense, debt_account(orchestrator, network), wei));
    return change_owed(orchestrator, network, wei);
}

Result<void> JournalWriter::add_answered(const AnsweredRequest& row, bool pays) {
    STIPEND_LET(find,
                database_.prepare("SELECT 1 FROM answered_request WHERE principal = ? AND route = ? AND key = ?"));
    STIPEND_LET(exists, find.bind_text(row.principal).bind_text(row.route).bind_text(row.key).next());
    if (exists && !pays) return {};
    if (exists) {
        return fail(STIPEND_E_CONFLICT, "ledger: ", database_.path(), ": ", row.route, ": the key \"", row.key,
                    "\" of ", row.principal, " is answered already");
    }
    STIPEND_LET(insert, database_.prepare(insert_sql("answered_request", columns<AnsweredRequest>())));
    bind_row(insert, row);
    return insert.run();
}

Result<void> JournalWriter::add_pardon(const Pardoned& pardoned) {
    STIPEND_ASSERT(!broken_invariant(pardoned));  // check_batch rejects such a batch
    const auto& [row, after] = pardoned;
    STIPEND_TRY(check_in_namespace(row.orchestrator));
    const Hash digest = digest_of(after);
    STIPEND_LET(seq, audit(AuditKind::pardon, pardon_body(row, digest)));
    const auto& own = columns<Pardon>();
    STIPEND_LET(insert, database_.prepare(insert_sql("pardon", cat("seq, ", own, ", state_digest"))));
    bind_row(insert.bind(seq), row);
    STIPEND_TRY(insert.bind_blob(digest).run());
    const auto& state = columns<EngineState>();
    STIPEND_LET(update, database_.prepare(cat("UPDATE engine_state SET (", state, ") = (", placeholders(state),
                                              "), seq = ? WHERE orchestrator = ? AND epoch = ?")));
    bind_row(update, after);
    STIPEND_LET(changed, update.bind(seq).bind(row.orchestrator).bind(row.epoch).run_counted());
    if (changed == 1) return {};
    return fail(STIPEND_E_CONFLICT, "ledger: ", database_.path(), ": pardon of orchestrator ", row.orchestrator,
                ": epoch ", row.epoch, " is not its last one");
}

Result<void> JournalWriter::set_price(const Price& row) {
    STIPEND_LET(space, space_of(row.network));
    STIPEND_LET(seq, audit(AuditKind::price, price_body(row)));
    STIPEND_LET(last, database_.prepare("DELETE FROM price WHERE network = ?"));
    STIPEND_TRY(last.bind(space->row.id).run());
    return insert_row(database_, "price", seq, row);
}

Result<void> JournalWriter::add_demand(const Demand& row) {
    STIPEND_ASSERT(!broken_invariant(row));  // check_batch rejects such a batch
    STIPEND_LET(seq, audit(AuditKind::demand, demand_body(row, ns_.name)));
    STIPEND_LET(insert, database_.prepare(insert_sql("demand", cat("seq, ns, ", columns<Demand>()))));
    bind_row(insert.bind(seq).bind(ns_.id), row);
    return insert.run();
}

Result<void> JournalWriter::observe(const Observation& seen) {
    if (seen.orchestrator != 0) STIPEND_TRY(check_in_namespace(seen.orchestrator));
    bind_row(observe_, seen);
    return observe_.run();
}

}  // namespace stipend::ledger
