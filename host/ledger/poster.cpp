#include "host/ledger/poster.hpp"

#include <algorithm>
#include <numeric>

#include "host/ledger/columns.hpp"

namespace stipend::ledger {
namespace {

// wei_add(balance, amount): 256-bit addition inside a statement, so that a balance needs no copy in memory that a
// rollback would have to undo.
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

std::string facts(const Decision& d) {
    return cat(d.action == Action::pay ? "pay " : "skip ", d.wei.text(), " wei, tier ", d.tier, ", decided at ",
               d.decided_at);
}

}  // namespace

Result<std::unique_ptr<Poster>> Poster::prepare(sqlite::Database& database, Home home) {
    const int code = sqlite3_create_function_v2(database.handle(), "wei_add", 2,
                                                SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, nullptr,
                                                wei_add, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return database.error(code);
    std::unique_ptr<Poster> out(new Poster(database, std::move(home)));
    STIPEND_TRY(out->prepare_statements());
    STIPEND_LET(ids, database.prepare("SELECT id FROM orchestrator WHERE ns = ? ORDER BY id"));
    ids.bind(out->home_.id);
    for (;;) {
        STIPEND_LET(more, ids.next());
        if (!more) break;
        const auto id = ids.as<std::size_t>();
        out->ours_.resize(id + 1);
        out->ours_[id] = true;
    }
    return out;
}

Result<void> Poster::prepare_statements() {
    const auto into = [&](sqlite::Statement& statement, std::string_view sql) -> Result<void> {
        STIPEND_LET(prepared, database_.prepare(sql));
        statement = std::move(prepared);
        return {};
    };
    STIPEND_TRY(into(find_key_, "SELECT id FROM orchestrator WHERE ns = ? AND key = ?"));
    STIPEND_TRY(into(insert_orchestrator_, insert_sql("orchestrator", cat(columns<Orchestrator>(), ", ns, seq"))));
    STIPEND_TRY(into(insert_account_, "INSERT INTO account VALUES(?, ?, 'owed:' || ?)"));
    STIPEND_TRY(
        into(insert_state_, insert_sql("engine_state", cat(columns<EngineState>(), ", orchestrator, seq, owed"))));
    STIPEND_TRY(into(insert_audit_, insert_sql("audit", "seq, kind, body, hash")));
    STIPEND_TRY(into(insert_decision_, insert_sql("decision", cat("seq, ", columns<Decision>(), ", state_digest"))));
    // The guards stand in the statement itself: an epoch that does not follow, or a time that runs backwards, changes
    // no row, and the reason is then looked for.
    const auto& state = columns<EngineState>();
    STIPEND_TRY(into(update_state_, cat("UPDATE engine_state SET (", state, ") = (", placeholders(state),
                                        "), owed = wei_add(owed, ?), seq = ? "
                                        "WHERE orchestrator = ? AND epoch = ? AND last_decided_at <= ?")));
    STIPEND_TRY(into(insert_journal_, insert_sql("journal", "ref, kind, last")));
    STIPEND_TRY(into(insert_entry_, insert_sql("entry", "journal, account, wei")));
    STIPEND_TRY(into(find_gap_, "SELECT seq, from_at FROM gap WHERE orchestrator = ? AND to_at IS NULL"));
    STIPEND_TRY(into(insert_gap_, insert_sql("gap", cat("seq, ", columns<GapOpening>()))));
    STIPEND_TRY(into(close_gap_, "UPDATE gap SET to_at = ?, usd_e8 = ?, closed = ? WHERE seq = ?"));
    return into(observe_, cat(insert_sql("observed", columns<Observation>()),
                              " ON CONFLICT DO UPDATE SET to_at = excluded.to_at, verdict = excluded.verdict"));
}

Result<Position> Poster::write(const Batch& batch, const Position& from) {
    at_ = from;
    for (const auto& row : batch.generations) STIPEND_TRY(add_generation(row));
    for (const auto& added : batch.added) STIPEND_TRY(add_orchestrator(added));
    for (const auto& row : batch.changed) STIPEND_TRY(change_orchestrator(row));
    for (const auto& gap : batch.gaps_closed) STIPEND_TRY(close_gap(gap));
    if (!batch.decisions.empty()) STIPEND_TRY(add_decisions(batch.decisions));
    for (const auto& gap : batch.gaps_opened) STIPEND_TRY(open_gap(gap));
    for (const auto& row : batch.adjustments) STIPEND_TRY(add_adjustment(row));
    if (batch.price) STIPEND_TRY(set_price(*batch.price));
    for (const auto& seen : batch.observations) STIPEND_TRY(observe(seen));
    if (batch.forget_observations_before) {
        STIPEND_LET(forget, database_.prepare("DELETE FROM observed WHERE to_at < ?"));
        STIPEND_TRY(forget.bind(*batch.forget_observations_before).run());
    }
    for (const auto& event : batch.events) {
        STIPEND_LET(seq, audit(AuditKind::alert, event.body));
        static_cast<void>(seq);
    }
    return at_;
}

Result<Seq> Poster::audit(Head& at, AuditKind kind, std::string_view body) {
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

Hash Poster::digest_of(const EngineState& state) {
    encode_state(body_, state);
    return keccak_.add(body_).finish();
}

Result<void> Poster::check_ours(OrchestratorId id) const {
    if (id > 0 && static_cast<std::size_t>(id) < ours_.size() && ours_[static_cast<std::size_t>(id)]) return {};
    return fail(STIPEND_E_INVALID, "ledger: ", database_.path(), ": orchestrator ", id, ": not one of ", home_.name);
}

Result<void> Poster::add_decisions(const std::vector<Decided>& decisions) {
    const Seq first = at_.head.seq + 1;
    for (const auto& decided : decisions) STIPEND_TRY(add_decision(decided));
    return post_decisions(decisions, first);
}

Result<void> Poster::add_decision(const Decided& decided) {
    const Decision& d = decided.decision;
    STIPEND_TRY(check_ours(d.orchestrator));
    if (d.generation < 1 || d.generation > at_.last_generation) {
        return fail(STIPEND_E_INVALID, "ledger: decision (orchestrator ", d.orchestrator, ", epoch ", d.epoch,
                    "): generation ", d.generation, " was never published");
    }
    const stipend_u256 wei = d.wei.to_abi();
    if (SignedWei::from_bytes(wei.be).negative()) {
        return fail(STIPEND_E_LIMIT, "ledger: decision (orchestrator ", d.orchestrator, ", epoch ", d.epoch,
                    "): amount too large for an entry: ", d.wei.text());
    }
    const Hash digest = digest_of(decided.after);
    encode_decision(body_, d, digest);
    STIPEND_LET(seq, audit(AuditKind::decision, body_));

    bind_row(update_state_, decided.after);
    update_state_.bind_blob(wei.be).bind(seq).bind(d.orchestrator).bind(d.epoch - 1).bind(d.period_from);
    STIPEND_LET(changed, update_state_.run_counted());
    if (changed != 1) return explain_refusal(decided);

    insert_decision_.bind(seq);
    bind_row(insert_decision_, d);
    return insert_decision_.bind_blob(digest).run();
}

Error Poster::explain_refusal(const Decided& decided) {
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
        return cat("decided already, with other contents: seq ", row.seq, " says ", facts(row.decision), "; got ",
                   facts(d));
    };
    const auto reason = explain();
    if (!reason) return reason.error();
    Error out = fail(STIPEND_E_CONFLICT, what, *reason);
    out.permanent = true;
    return out;
}

Result<void> Poster::post_decisions(const std::vector<Decided>& decisions, Seq first) {
    STIPEND_TRY(insert_journal_.bind(first).bind(static_cast<int>(JournalKind::decisions)).bind(at_.head.seq).run());
    // By rising account, so that the entries of a journal fill their pages from left to right.
    order_.resize(decisions.size());
    std::iota(order_.begin(), order_.end(), 0U);
    const auto account = [&](std::uint32_t i) { return decisions[i].decision.orchestrator; };
    std::ranges::sort(order_, {}, account);

    SignedWei all;
    std::vector<std::pair<std::int64_t, SignedWei>> debts;
    debts.reserve(decisions.size());
    for (const std::uint32_t i : order_) {
        const SignedWei wei = SignedWei::from_bytes(decisions[i].decision.wei.to_abi().be);
        if (wei.zero()) continue;
        if (debts.empty() || debts.back().first != account(i)) debts.emplace_back(account(i), SignedWei());
        SignedWei& debt = debts.back().second;
        if (!SignedWei::add(debt, wei, debt) || !SignedWei::add(all, wei, all)) {
            return fail(STIPEND_E_LIMIT, "ledger: ", database_.path(), ": the batch owes more than an entry can hold");
        }
    }
    if (debts.empty()) return {};
    STIPEND_LET(expense, all.negated());
    STIPEND_TRY(post_entry(first, home_.expense_account, expense));
    for (const auto& [id, debt] : debts) STIPEND_TRY(post_entry(first, id, debt));
    return {};
}

Result<void> Poster::post_entry(Seq journal, std::int64_t account, const SignedWei& wei) {
    return insert_entry_.bind(journal).bind(account).bind_amount(wei.to_bytes()).run();
}

}  // namespace stipend::ledger
