// Compares the current states, balances and small tables with the chain and the entries.
#include <algorithm>

#include "host/ledger/invariants.hpp"
#include "host/ledger/marks.hpp"
#include "host/ledger/verify.hpp"

namespace stipend::ledger {

bool Verifier::has_audit_row(AuditKind kind, Seq seq) const {
    if (seq <= unchecked_) return true;
    const auto places = changes_.find(kind);
    return places != changes_.end() && std::ranges::binary_search(places->second, seq);
}

Result<void> Verifier::check_orchestrators() {
    STIPEND_LET(rows, main_.prepare(cat("SELECT ", columns<Orchestrator>(), ", ns, seq FROM orchestrator")));
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) break;
        const auto row = read_row<Orchestrator>(rows);
        const std::int64_t ns = rows.i64();
        const Seq seq = rows.i64();
        const std::string name = cat("orchestrator ", row.id, " (", row.key, ")");
        if (rows.malformed()) bad(name, "`retired` is neither 0 nor 1");
        const auto space = namespaces_.find(ns);
        const auto track = tracks_.find(row.id);
        const Seq want_seq = track == tracks_.end() ? 0 : track->second.row_seq;
        if (want_seq == 0 && seq <= unchecked_) continue;
        if (seq != want_seq) {
            bad(name, cat("was last changed at seq ", want_seq, ", got ", seq));
        } else if (space == namespaces_.end() ||
                   keccak256(orchestrator_body(row, space->second)) != track->second.row_body) {
            bad(name, cat("the row is not what the chain recorded at seq ", seq));
        }
    }
    for (const auto& [id, track] : tracks_) {
        if (!known_.contains(id)) bad(cat("orchestrator ", id), "its row is missing");
    }
    return {};
}

Result<void> Verifier::check_states() {
    STIPEND_LET(rows,
                main_.prepare(cat("SELECT orchestrator, ", columns<EngineState>(), ", owed, seq FROM engine_state")));
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) break;
        const OrchestratorId id = rows.i64();
        const auto state = read_row<EngineState>(rows);
        const bool malformed = rows.malformed();
        const auto owed = SignedWei::from_bytes(rows.bytes32());
        const Seq seq = rows.i64();
        if (malformed) bad(cat("state of orchestrator ", id), "its memory or one of its flags is malformed");
        if (!malformed && rows.malformed()) bad(cat("state of orchestrator ", id), "its balance is not 32 bytes");
        check_state(id, state, owed, seq);
    }
    STIPEND_LET(missing, main_.prepare("SELECT id, key FROM orchestrator WHERE id NOT IN "
                                       "(SELECT orchestrator FROM engine_state) LIMIT 100"));
    for (;;) {
        STIPEND_LET(more, missing.next());
        if (!more) return {};
        const OrchestratorId id = missing.i64();
        bad(cat("state of orchestrator ", id, " (", missing.text(), ")"), "its row is missing");
    }
}

void Verifier::check_state(OrchestratorId id, const EngineState& state, const SignedWei& owed, Seq seq) {
    const auto known = known_.find(id);
    const std::string name =
        cat("state of orchestrator ", id, " (", known == known_.end() ? "unknown" : known->second.key, ")");
    if (known == known_.end()) bad(name, "belongs to no orchestrator");
    if (const auto broken = broken_invariant(state)) bad(name, *broken);
    const auto sum = sums_.find(debt_account_of(id, network_at(id, INT64_MAX)));
    const SignedWei want = sum == sums_.end() ? SignedWei() : sum->second;
    if (owed != want) bad(name, cat("owed: got ", owed.text(), " wei, the entries sum to ", want.text()));

    const auto found = tracks_.find(id);
    const Track track = found == tracks_.end() ? Track() : found->second;
    if (state.epoch != track.epoch) bad(name, cat("epoch: got ", state.epoch, ", the last decision is ", track.epoch));
    if (track.state_seq == 0 && seq <= unchecked_) return;
    if (seq != track.state_seq) bad(name, cat("was last set at seq ", track.state_seq, ", got ", seq));
    if (track.by_decision) {
        if (state.due_at != track.next_at) bad(name, cat("due_at: got ", state.due_at, ", want ", track.next_at));
        if (state.last_decided_at != track.decided_at) {
            bad(name, cat("last_decided_at: got ", state.last_decided_at, ", want ", track.decided_at));
        }
        if (state.consecutive_failures != track.consecutive_failures || state.suspended != track.suspended) {
            bad(name, cat("failures: got ", state.consecutive_failures, ", want ", track.consecutive_failures,
                          "; suspended: got ", state.suspended, ", want ", track.suspended));
        }
    }
    encode_state(buffer_, state);
    if (keccak_.add(buffer_).finish() != track.state_digest) {
        bad(name, cat("is not the state that seq ", track.state_seq, " left"));
    }
}

Result<void> Verifier::check_accounts() {
    STIPEND_LET(rows, main_.prepare("SELECT id, ns, name FROM account"));
    std::size_t debts = 0;
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) break;
        const std::int64_t id = rows.i64();
        const std::int64_t ns = rows.i64();
        const std::string name = rows.text();
        debts += id > 0 && id <= max_orchestrator ? 1 : 0;
        const bool debt = is_debt_account(id, ns, name);
        const bool own = name == "expense:payout" || name == "expense:fees" || name == "gateway:prepaid" ||
                         name == "expense:gas" || name.starts_with("treasury:0x") || name.starts_with("inflight:");
        if (id > 0 ? !debt : !own || !namespaces_.contains(ns)) {
            bad(cat("account ", id),
                cat("is not what its orchestrator or namespace wants: got ", name, ", namespace ", ns));
        }
        const auto sum = sums_.find(id);
        if (sum == sums_.end()) continue;
        if (const auto broken = below_floor(name, sum->second)) bad(cat("account ", id, " (", name, ")"), *broken);
    }
    if (debts != known_.size())
        bad("account", cat("got ", debts, " debts, want one for each orchestrator: ", known_.size()));
    for (const auto& [ns, account] : expense_accounts_) {
        if (account >= 0) bad(cat("namespace ", ns), "has no account expense:payout");
    }
    return {};
}

Result<void> Verifier::check_gaps() {
    STIPEND_LET(rows, main_.prepare("SELECT seq, orchestrator, from_at, to_at, usd_e8, closed FROM gap "
                                    "ORDER BY orchestrator, from_at, seq"));
    OrchestratorId last_of = 0;
    stipend_unix_ns last_to = INT64_MIN;
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return {};
        const Seq seq = rows.i64();
        const OrchestratorId id = rows.i64();
        const stipend_unix_ns from = rows.i64();
        const auto to = rows.maybe<stipend_unix_ns>();
        const auto usd_e8 = rows.maybe<std::int64_t>();
        const auto closed = rows.maybe<Seq>();
        const std::string name = cat("gap seq ", seq);
        if (!known_.contains(id)) bad(name, cat("belongs to no orchestrator: got ", id));
        if (!has_audit_row(AuditKind::gap_opened, seq)) bad(name, "has no audit row");
        if (to.has_value() != closed.has_value() || to.has_value() != usd_e8.has_value() ||
            (closed && !has_audit_row(AuditKind::gap_closed, *closed))) {
            bad(name, "its end has no audit row");
        }
        if (id == last_of && from < last_to) bad(name, "overlaps another gap of its orchestrator");
        last_of = id;
        last_to = to.value_or(INT64_MAX);
    }
}

Result<void> Verifier::check_small_tables() {
    for (const auto& [table, kind] : {std::pair{"generation", AuditKind::generation},
                                      {"adjustment", AuditKind::adjustment},
                                      {"manual_payment", AuditKind::manual_payment},
                                      {"pardon", AuditKind::pardon},
                                      {"objection", AuditKind::objection},
                                      {"objection_answer", AuditKind::objection_answer},
                                      {"payout", AuditKind::payout},
                                      {"slot", AuditKind::slot},
                                      {"attempt", AuditKind::attempt},
                                      {"payout_step", AuditKind::payout_step},
                                      {"slot_end", AuditKind::slot_end},
                                      {"network", AuditKind::network},
                                      {"demand", AuditKind::demand},
                                      {"archive", AuditKind::archive}}) {
        STIPEND_LET(rows, main_.prepare(cat("SELECT seq FROM ", table, " ORDER BY seq")));
        for (;;) {
            STIPEND_LET(more, rows.next());
            if (!more) break;
            const Seq seq = rows.i64();
            if (!has_audit_row(kind, seq)) bad(cat(table, " seq ", seq), "has no audit row");
            const bool owes =
                kind == AuditKind::adjustment || kind == AuditKind::manual_payment || kind == AuditKind::payout;
            if (owes && seq > unchecked_ && !std::ranges::binary_search(row_journals_, seq)) {
                bad(cat(table, " seq ", seq), "is in no journal");
            }
        }
    }
    STIPEND_TRY(check_answered_objections());
    STIPEND_TRY(check_payout_states());
    STIPEND_LET(kept, main_.number("SELECT count(*) FROM state_before"));
    if (kept != states_before_ && unchecked_ == 0) {
        bad("state_before", cat("got ", kept, " rows, of which ", states_before_, " belong to a decision"));
    }
    return check_prices();
}

Result<void> Verifier::check_restored() {
    STIPEND_LET(mark, get_mark(main_, mark_restored));
    // The row of the chain may be in an archive that was not checked.
    if (restored_body_.empty() && unchecked_ > 0) return {};
    if (mark.value_or("") != restored_body_) {
        bad("restored", cat("the mark of the file is not what the chain recorded: got \"", mark.value_or(""),
                            "\", want \"", restored_body_, "\""));
    }
    STIPEND_LET(accepted, get_mark(main_, mark_restored_accepted));
    if (accepted_body_.empty() && unchecked_ > 0) return {};
    if (accepted.value_or("") != accepted_body_) {
        bad("restored", cat("the mark that it may pay again is not what the chain recorded: got \"",
                            accepted.value_or(""), "\", want \"", accepted_body_, "\""));
    }
    return {};
}

}  // namespace stipend::ledger
