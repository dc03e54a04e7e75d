#include "host/ledger/journal_writer.hpp"

#include <algorithm>

#include "host/ledger/columns.hpp"

namespace stipend::ledger {
namespace {

// wei_add(balance, amount): 256-bit addition in SQL. The balance is updated in place, so that there is no copy in
// memory that a rollback would have to restore.
void wei_add(sqlite3_context* context, int, sqlite3_value** arguments) {
    std::array<SignedWei, 2> terms{};
    for (std::size_t i = 0; i < terms.size(); ++i) {
        if (sqlite3_value_bytes(arguments[i]) != 32) {
            return sqlite3_result_error(context, "a balance or an amount is not 32 bytes", -1);
        }
        const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_value_blob(arguments[i]));
        terms[i] = SignedWei::from_bytes(std::span<const std::uint8_t, 32>(bytes, 32));
    }
    SignedWei sum;
    if (!SignedWei::add(terms[0], terms[1], sum))
        return sqlite3_result_error(context, "a balance leaves its range", -1);
    const auto bytes = sum.to_bytes();
    sqlite3_result_blob(context, bytes.data(), static_cast<int>(bytes.size()), SQLITE_TRANSIENT);
}

std::string summary(const Decision& d) {
    return cat(d.action == Action::pay ? "pay " : "skip ", d.wei.text(), " wei, tier ", d.tier, ", decided at ",
               d.decided_at);
}

}  // namespace

Result<std::unique_ptr<JournalWriter>> JournalWriter::prepare(sqlite::Database& database, NamespaceRow ns) {
    const int code = sqlite3_create_function_v2(database.handle(), "wei_add", 2,
                                                SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, nullptr,
                                                wei_add, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return database.error(code);
    std::unique_ptr<JournalWriter> out(new JournalWriter(database, std::move(ns)));
    STIPEND_TRY(out->prepare_statements());
    return out;
}

Result<void> JournalWriter::prepare_statements() {
    const auto into = [&](sqlite::Statement& statement, std::string_view sql) -> Result<void> {
        STIPEND_LET(prepared, database_.prepare(sql));
        statement = std::move(prepared);
        return {};
    };
    STIPEND_TRY(into(find_key_, "SELECT id FROM orchestrator WHERE ns = ? AND key = ?"));
    STIPEND_TRY(into(insert_orchestrator_, insert_sql("orchestrator", cat(columns<Orchestrator>(), ", ns, seq"))));
    STIPEND_TRY(into(insert_account_, "INSERT OR IGNORE INTO account VALUES(?, ?, 'owed:' || ?)"));
    STIPEND_TRY(
        into(insert_state_, insert_sql("engine_state", cat(columns<EngineState>(), ", orchestrator, seq, owed"))));
    STIPEND_TRY(into(insert_audit_, insert_sql("audit", "seq, kind, body, hash")));
    STIPEND_TRY(into(insert_decision_, insert_sql("decision", cat("seq, ", columns<Decision>(), ", state_digest"))));
    // The WHERE clause is the guard: an epoch that does not follow, or a period that overlaps the last one, matches no
    // row. explain_conflict then finds the reason.
    const auto& state = columns<EngineState>();
    STIPEND_TRY(into(update_state_, cat("UPDATE engine_state SET (", state, ") = (", placeholders(state),
                                        "), owed = wei_add(owed, ?), seq = ? "
                                        "WHERE orchestrator = ? AND epoch = ? AND last_decided_at <= ?")));
    STIPEND_TRY(into(keep_state_, cat("INSERT OR IGNORE INTO state_before(orchestrator, ", state,
                                      ") SELECT orchestrator, ", state, " FROM engine_state WHERE orchestrator = ?")));
    STIPEND_TRY(into(insert_journal_, insert_sql("journal", "ref, kind, last")));
    STIPEND_TRY(into(insert_entry_, insert_sql("entry", "journal, account, wei")));
    STIPEND_TRY(into(find_gap_, "SELECT seq, from_at FROM gap WHERE orchestrator = ? AND to_at IS NULL"));
    STIPEND_TRY(into(insert_gap_, insert_sql("gap", cat("seq, ", columns<GapOpening>()))));
    STIPEND_TRY(into(close_gap_, "UPDATE gap SET to_at = ?, usd_e8 = ?, closed = ? WHERE seq = ?"));
    return into(observe_, cat(insert_sql("observed", columns<Observation>()),
                              " ON CONFLICT DO UPDATE SET to_at = excluded.to_at, verdict = excluded.verdict"));
}

Result<Position> JournalWriter::write(const Batch& batch, const Position& from) {
    at_ = from;
    if (!loaded_) STIPEND_TRY(load());
    for (const auto& row : batch.networks) STIPEND_TRY(add_network(row));
    for (const auto& row : batch.generations) STIPEND_TRY(add_generation(row));
    for (const auto& added : batch.added) STIPEND_TRY(add_orchestrator(added));
    for (const auto& row : batch.changed) STIPEND_TRY(change_orchestrator(row));
    // Before the decisions: the last price ahead of a decision in the chain is the one that it is converted at.
    for (const auto& one : batch.prices) STIPEND_TRY(set_price(one));
    // The same holds of the factor of demand.
    for (const auto& one : batch.demands) STIPEND_TRY(add_demand(one));
    for (const auto& pardoned : batch.pardons) STIPEND_TRY(add_pardon(pardoned));
    for (const auto& gap : batch.gaps_closed) STIPEND_TRY(close_gap(gap));
    if (!batch.decisions.empty()) STIPEND_TRY(add_decisions(batch.decisions));
    for (const auto& gap : batch.gaps_opened) STIPEND_TRY(open_gap(gap));
    for (const auto& row : batch.adjustments) STIPEND_TRY(add_adjustment(row));
    for (const auto& row : batch.payments) STIPEND_TRY(add_payment(row));
    for (const auto& row : batch.objections) STIPEND_TRY(add_objection(row));
    for (const auto& row : batch.objection_answers) STIPEND_TRY(add_objection_answer(row));
    if (!batch.fees.empty()) STIPEND_TRY(add_fees(batch.fees));
    for (const auto& seen : batch.observations) STIPEND_TRY(observe(seen));
    if (batch.forget_observations_before) {
        STIPEND_LET(forget, database_.prepare("DELETE FROM observed WHERE to_at < ?"));
        STIPEND_TRY(forget.bind(*batch.forget_observations_before).run());
    }
    for (const auto& event : batch.events) {
        STIPEND_LET(seq, audit(AuditKind::alert, event.body));
        static_cast<void>(seq);
    }
    const bool pays = !batch.payments.empty() || !batch.adjustments.empty();
    for (const auto& row : batch.answered) STIPEND_TRY(add_answered(row, pays));
    STIPEND_TRY(add_payout_changes(batch.payouts));
    STIPEND_ASSERT(at_.head.seq - from.head.seq == audit_rows(batch));
    return at_;
}

Result<Seq> JournalWriter::audit(Head& at, AuditKind kind, std::string_view body) {
    const Head next{.seq = at.seq + 1, .hash = row_hash(keccak_, at.hash, at.seq + 1, kind, body)};
    insert_audit_.bind(next.seq).bind(static_cast<int>(kind));
    if (kind == AuditKind::decision) {
        insert_audit_.bind_null();
    } else {
        insert_audit_.bind_text(body);
    }
    STIPEND_TRY(insert_audit_.bind_blob(next.hash).run());
    at = next;
    return next.seq;
}

Hash JournalWriter::digest_of(const EngineState& state) {
    encode_state(body_, state);
    return keccak_.add(body_).finish();
}

Result<void> JournalWriter::check_in_namespace(OrchestratorId id) const {
    if (id > 0 && static_cast<std::size_t>(id) < members_.size() && members_[static_cast<std::size_t>(id)].known)
        return {};
    return fail(STIPEND_E_INVALID, "ledger: ", database_.path(), ": orchestrator ", id, ": not one of ", ns_.name);
}

Result<void> JournalWriter::add_decisions(const std::vector<Decided>& decisions) {
    const Seq first = at_.head.seq + 1;
    amounts_.clear();
    for (const auto& decided : decisions) STIPEND_TRY(add_decision(decided));
    STIPEND_LET(journal, journal_of_decisions(first));
    return write_journal(journal);
}

Result<void> JournalWriter::add_decision(const Decided& decided) {
    STIPEND_ASSERT(!broken_invariant(decided));  // check_batch rejects such a batch
    const Decision& d = decided.decision;
    STIPEND_TRY(check_in_namespace(d.orchestrator));
    if (d.generation < 1 || d.generation > at_.last_generation) {
        return fail(STIPEND_E_INVALID, "ledger: decision (orchestrator ", d.orchestrator, ", epoch ", d.epoch,
                    "): generation ", d.generation, " was never installed");
    }
    const stipend_u256 raw = d.wei.to_abi();
    const Entry amount{.account = debt_account(d.orchestrator, network_of(d.orchestrator)),
                       .wei = SignedWei::from_bytes(raw.be),
                       .space = network_of(d.orchestrator)};
    if (amount.wei.negative()) {
        return fail(STIPEND_E_LIMIT, "ledger: decision (orchestrator ", d.orchestrator, ", epoch ", d.epoch,
                    "): amount too large for an entry: ", d.wei.text());
    }
    const Hash digest = digest_of(decided.after);
    encode_decision(body_, d, digest);
    STIPEND_LET(seq, audit(AuditKind::decision, body_));

    if (can_be_pardoned(d)) STIPEND_TRY(keep_state_.bind(d.orchestrator).run());
    bind_row(update_state_, decided.after);
    update_state_.bind_blob(raw.be).bind(seq).bind(d.orchestrator).bind(d.epoch - 1).bind(d.period_from);
    STIPEND_LET(changed, update_state_.run_counted());
    if (changed != 1) return explain_conflict(decided);
    amounts_.push_back(amount);

    insert_decision_.bind(seq);
    bind_row(insert_decision_, d);
    return insert_decision_.bind_blob(digest).run();
}

Error JournalWriter::explain_conflict(const Decided& decided) {
    const Decision& d = decided.decision;
    const std::string what =
        cat("ledger: ", database_.path(), ": decision (orchestrator ", d.orchestrator, ", epoch ", d.epoch, "): ");
    const auto explain = [&]() -> Result<std::string> {
        STIPEND_LET(state, database_.prepare("SELECT epoch, last_decided_at FROM engine_state WHERE orchestrator = ?"));
        STIPEND_LET(known, state.bind(d.orchestrator).next());
        if (!known) return std::string("has no state");
        const auto epoch = state.as<std::uint64_t>();
        const std::int64_t last_decided_at = state.i64();
        if (d.epoch > epoch + 1) return cat("skips an epoch: the last one is ", epoch);
        if (d.epoch == epoch + 1) {
            return cat("overlaps the last period: begins at ", d.period_from, ", the last was decided at ",
                       last_decided_at);
        }
        STIPEND_LET(old, database_.prepare(select_decisions("WHERE epoch = ? AND orchestrator = ?")));
        STIPEND_LET(stored, old.bind(d.epoch).bind(d.orchestrator).next());
        if (!stored) return std::string("decided already, and archived");
        const StoredDecision row = read_decision(old);
        if (row.decision == d) return cat("decided already, with the same contents, at seq ", row.seq);
        return cat("decided already, with other contents: seq ", row.seq, " says ", summary(row.decision), "; got ",
                   summary(d));
    };
    const auto reason = explain();
    if (!reason) return reason.error();
    Error out = fail(STIPEND_E_CONFLICT, what, *reason);
    out.permanent = true;
    return out;
}

// One entry for each debt, and one for the expense of all of one network.
Result<Journal> JournalWriter::journal_of_decisions(Seq first) {
    Journal out{.ref = first, .kind = JournalKind::decisions, .last = at_.head.seq};
    // The expense and the debts are summed separately, so that the check of their sum in write_journal is independent.
    std::map<NetworkId, SignedWei> sums;
    // By ascending account, so that SQLite appends to its pages.
    std::ranges::sort(amounts_, {}, &Entry::account);
    out.entries.reserve(amounts_.size() + 1);
    for (const auto& [account, wei, network] : amounts_) {
        if (wei.zero()) continue;
        if (out.entries.empty() || out.entries.back().account != account) {
            STIPEND_LET(space, space_of(network));
            out.entries.push_back({.account = account, .space = space->id});
        }
        SignedWei& debt = out.entries.back().wei;
        SignedWei& sum = sums[network];
        if (!SignedWei::add(debt, wei, debt) || !SignedWei::add(sum, wei, sum)) {
            return fail(STIPEND_E_LIMIT, "ledger: ", database_.path(), ": the batch owes more than an entry can hold");
        }
    }
    std::vector<Entry> expenses;
    for (const auto& [network, sum] : sums) {
        STIPEND_LET(space, space_of(network));
        STIPEND_LET(paid, sum.negated());
        expenses.push_back({.account = space->expense, .wei = paid, .space = space->id});
    }
    std::ranges::sort(expenses, {}, &Entry::account);
    out.entries.insert(out.entries.begin(), expenses.begin(), expenses.end());
    return out;
}

Result<void> JournalWriter::write_journal(const Journal& journal) {
    STIPEND_ASSERT(!broken_invariant(journal));
    STIPEND_TRY(insert_journal_.bind(journal.ref).bind(static_cast<int>(journal.kind)).bind(journal.last).run());
    for (const auto& [account, wei, space] : journal.entries) {
        STIPEND_TRY(insert_entry_.bind(journal.ref).bind(account).bind_amount(wei.to_bytes()).run());
    }
    return {};
}

}  // namespace stipend::ledger
