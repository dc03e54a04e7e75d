#include "host/ledger/networks.hpp"

#include <algorithm>
#include <optional>

#include "host/ledger/columns.hpp"
#include "host/ledger/invariants.hpp"
#include "stipend/ascii.hpp"

namespace stipend::ledger {

Result<std::vector<Network>> load_networks(sqlite::Database& database, std::int64_t ns) {
    STIPEND_LET(chain, database.number("SELECT chain_id FROM meta"));
    std::vector<Network> out{{.chain_id = static_cast<std::uint64_t>(chain), .symbol = "ETH"}};
    STIPEND_LET(rows, database.prepare(cat("SELECT ", columns<Network>(), " FROM network WHERE ns = ? ORDER BY id")));
    rows.bind(ns);
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return out;
        out.push_back(read_row<Network>(rows));
        if (rows.malformed() || broken_invariant(out.back())) {
            return fail(STIPEND_E_INVALID, "ledger: ", database.path(),
                        ": a network is damaged: run `stipend ledger "
                        "verify` for details");
        }
    }
}

Result<NetworkId> network_named(const std::vector<Network>& known, std::string_view text) {
    std::string names;
    std::optional<NetworkId> found;
    bool several = false;
    for (const auto& one : known) {
        names += cat(names.empty() ? "" : ", ", one.chain_id, ":", one.symbol);
        const bool by_token = one.is_token() && ascii::to_lower(text) == cat(one.chain_id, ":", one.token);
        if (!by_token && text != cat(one.chain_id, ":", one.symbol)) continue;
        several = found.has_value();
        found = one.id;
    }
    if (several)
        return fail(STIPEND_E_INVALID, "got ", clip(text, 80), ", which are several: want the contract of one");
    if (found) return *found;
    return fail(STIPEND_E_INVALID, "got ", clip(text, 80), ", want one of ", names);
}

Result<NetworkHistory> NetworkHistory::load(sqlite::Database& database, OrchestratorId orchestrator) {
    NetworkHistory out;
    STIPEND_LET(rows, database.prepare("SELECT seq, network FROM network_of WHERE orchestrator = ? ORDER BY seq"));
    rows.bind(orchestrator);
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return out;
        Change change{.seq = rows.i64()};
        change.network = rows.i64();
        out.changes_.push_back(change);
    }
}

NetworkId NetworkHistory::at(Seq seq) const {
    const auto behind = std::ranges::upper_bound(changes_, seq, {}, &Change::seq);
    return behind == changes_.begin() ? 0 : std::prev(behind)->network;
}

}  // namespace stipend::ledger
