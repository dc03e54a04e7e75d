// Writes networks, and on which of them each orchestrator is owed.
#include "host/ledger/journal_writer.hpp"

#include "host/ledger/columns.hpp"
#include "host/ledger/invariants.hpp"

namespace stipend::ledger {

// The accounts of a network are in a namespace of its own, with the names that those of the coin have:
// "live:42161:0x..." for a token, "live:1" for the coin of another chain.
static std::string space_name(std::string_view mode, const Network& row) {
    return cat(mode, ":", row.chain_id, row.token.empty() ? "" : ":", row.token);
}

Result<void> JournalWriter::load() {
    spaces_.clear();
    members_.clear();
    STIPEND_TRY(load_space({.chain_id = ns_.chain_id, .symbol = "ETH"}, ns_.id, ns_.id));
    STIPEND_LET(networks, database_.prepare(cat("SELECT ", columns<Network>(),
                                                ", space, coin_space FROM network WHERE ns = ? ORDER BY id")));
    networks.bind(ns_.id);
    for (;;) {
        STIPEND_LET(more, networks.next());
        if (!more) break;
        const auto row = read_row<Network>(networks);
        const auto space = networks.i64();
        STIPEND_TRY(load_space(row, space, networks.i64()));
    }
    STIPEND_LET(members, database_.prepare("SELECT id, network FROM orchestrator WHERE ns = ? ORDER BY id"));
    members.bind(ns_.id);
    for (;;) {
        STIPEND_LET(more, members.next());
        if (!more) break;
        const auto id = members.as<std::size_t>();
        members_.resize(id + 1);
        members_[id] = {.known = true, .network = members.i64()};
    }
    loaded_ = true;
    return {};
}

Result<void> JournalWriter::load_space(const Network& row, std::int64_t space, std::int64_t coin) {
    STIPEND_LET(expense, account_of(space, "expense:payout"));
    spaces_[row.id] = {.row = row, .id = space, .coin = coin, .expense = expense};
    return {};
}

Result<std::int64_t> JournalWriter::namespace_of(const std::string& name) {
    STIPEND_LET(insert, database_.prepare("INSERT OR IGNORE INTO namespace(name) VALUES(?)"));
    STIPEND_TRY(insert.bind_text(name).run());
    STIPEND_LET(find, database_.prepare("SELECT id FROM namespace WHERE name = ?"));
    STIPEND_LET(found, find.bind_text(name).next());
    if (!found) return fail(STIPEND_E_INTERNAL, "ledger: ", database_.path(), ": no namespace ", name);
    const auto out = find.i64();
    find.reset();
    STIPEND_LET(expense, account_of(out, "expense:payout"));
    static_cast<void>(expense);
    return out;
}

Result<void> JournalWriter::add_network(const Network& row) {
    STIPEND_ASSERT(!broken_invariant(row));  // check_batch rejects such a batch
    const auto name = cat("ledger: ", database_.path(), ": network ", row.id, " (", row.symbol, ")");
    if (row.id != at_.last_network + 1) return fail(STIPEND_E_INVALID, name, ": want id ", at_.last_network + 1);
    for (const auto& [id, space] : spaces_) {
        if (space.row.is_of(row.chain_id, row.token)) {
            return fail(STIPEND_E_CONFLICT, name, ": it is network ", id, " already");
        }
    }
    STIPEND_LET(seq, audit(AuditKind::network, network_body(row, ns_.name)));
    const auto mode = std::string_view(ns_.name).substr(0, ns_.name.find(':'));
    STIPEND_LET(space, namespace_of(space_name(mode, row)));
    STIPEND_LET(coin, namespace_of(space_name(mode, {.chain_id = row.chain_id})));
    STIPEND_LET(insert,
                database_.prepare(insert_sql("network", cat(columns<Network>(), ", ns, space, coin_space, seq"))));
    bind_row(insert, row);
    STIPEND_TRY(insert.bind(ns_.id).bind(space).bind(coin).bind(seq).run());
    at_.last_network = row.id;
    return load_space(row, space, coin);
}

Result<const JournalWriter::Space*> JournalWriter::space_of(NetworkId network) const {
    const auto found = spaces_.find(network);
    if (found != spaces_.end()) return &found->second;
    return fail(STIPEND_E_INVALID, "ledger: ", database_.path(), ": network ", network, ": ", ns_.name,
                " has none such");
}

Result<void> JournalWriter::enter_network(OrchestratorId id, const std::string& key, NetworkId network, Seq seq) {
    STIPEND_LET(space, space_of(network));
    STIPEND_LET(insert, database_.prepare(insert_sql("network_of", "orchestrator, seq, network")));
    STIPEND_TRY(insert.bind(id).bind(seq).bind(network).run());
    STIPEND_TRY(insert_account_.bind(debt_account(id, network)).bind(space->id).bind_text(key).run());
    auto& member = members_[static_cast<std::size_t>(id)];
    STIPEND_TRY(move_debts(id, member.network, network));
    member.network = network;
    return {};
}

// engine_state has what is owed on the network that it is on now; `debt` what is owed on others, if it is anything.
Result<void> JournalWriter::move_debts(OrchestratorId id, NetworkId from, NetworkId to) {
    STIPEND_LET(now, owed_on(id, to));
    STIPEND_LET(keep, database_.prepare("INSERT OR REPLACE INTO debt(orchestrator, network, owed) SELECT orchestrator, "
                                        "?, owed FROM engine_state WHERE orchestrator = ? AND owed != zeroblob(32)"));
    STIPEND_TRY(keep.bind(from).bind(id).run());
    STIPEND_LET(set, database_.prepare("UPDATE engine_state SET owed = ? WHERE orchestrator = ?"));
    STIPEND_TRY(set.bind_amount(now.to_bytes()).bind(id).run());
    STIPEND_LET(drop, database_.prepare("DELETE FROM debt WHERE orchestrator = ? AND network = ?"));
    return drop.bind(id).bind(to).run();
}

Result<SignedWei> JournalWriter::owed_on(OrchestratorId id, NetworkId network) {
    const bool now = network == network_of(id);
    STIPEND_LET(rows, database_.prepare(now ? "SELECT owed FROM engine_state WHERE orchestrator = ?"
                                            : "SELECT owed FROM debt WHERE orchestrator = ? AND network = ?"));
    rows.bind(id);
    if (!now) rows.bind(network);
    STIPEND_LET(found, rows.next());
    return found ? SignedWei::from_bytes(rows.bytes32()) : SignedWei();
}

Result<void> JournalWriter::change_owed(OrchestratorId orchestrator, NetworkId network, const SignedWei& by) {
    if (network == network_of(orchestrator)) {
        STIPEND_LET(add, database_.prepare("UPDATE engine_state SET owed = wei_add(owed, ?) WHERE orchestrator = ?"));
        return add.bind_amount(by.to_bytes()).bind(orchestrator).run();
    }
    STIPEND_LET(add, database_.prepare("INSERT INTO debt(orchestrator, network, owed) VALUES(?, ?, ?) ON CONFLICT DO "
                                       "UPDATE SET owed = wei_add(owed, excluded.owed)"));
    return add.bind(orchestrator).bind(network).bind_amount(by.to_bytes()).run();
}

}  // namespace stipend::ledger
