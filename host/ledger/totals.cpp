#include "host/ledger/totals.hpp"

#include <algorithm>

#include "host/ledger/marks.hpp"
#include "host/ledger/networks.hpp"
#include "host/ledger/payout_rows.hpp"

namespace stipend::ledger {
namespace {

// Adds what `sql` has, as (network, kind, amount) of the namespace, by `into`, which gives the sum that a row belongs
// to, or nothing.
template <class Into>
Result<void> add_rows(sqlite::Database& database, std::int64_t ns, std::string_view sql, Into into) {
    STIPEND_LET(rows, database.prepare(sql));
    rows.bind(ns);
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return {};
        const auto network = rows.i64();
        const auto kind = rows.i64();
        auto* sum = into(network, kind);
        const auto amount = SignedWei::from_bytes(rows.bytes32());
        if (sum == nullptr || rows.malformed()) {
            return fail(STIPEND_E_INVALID, "ledger: ", database.path(), ": an amount of network ", network,
                        " is damaged: run `stipend ledger verify` for details");
        }
        STIPEND_SET(*sum, sum->plus(amount));
    }
}

}  // namespace

Result<std::vector<NetworkTotals>> totals(const std::filesystem::path& file, const Namespace& ns) {
    sqlite::Database database;
    STIPEND_TRY(open_to_read(database, file.string()));
    sqlite::Transaction snapshot(database);
    STIPEND_TRY(snapshot.begin("DEFERRED"));
    std::vector<NetworkTotals> out;
    STIPEND_LET(find, database.prepare("SELECT id FROM namespace WHERE name = ?"));
    const auto name = ns.text();
    STIPEND_LET(found, find.bind_text(name).next());
    if (!found) return out;
    const auto id = find.i64();
    find.reset();
    STIPEND_LET(networks, load_networks(database, id));
    for (auto& network : networks) out.push_back({.network = std::move(network)});
    const auto of = [&out](std::int64_t network) {
        const auto at = std::ranges::find(out, network, [](const NetworkTotals& one) { return one.network.id; });
        return at == out.end() ? nullptr : &*at;
    };
    const auto owed = [&of](std::int64_t network, std::int64_t) {
        auto* sums = of(network);
        return sums == nullptr ? nullptr : &sums->owed;
    };
    STIPEND_TRY(add_rows(database, id,
                         "SELECT o.network, 0, s.owed FROM orchestrator o JOIN engine_state s ON s.orchestrator = o.id "
                         "WHERE o.ns = ?",
                         owed));
    STIPEND_TRY(add_rows(database, id,
                         "SELECT d.network, 0, d.owed FROM orchestrator o JOIN debt d ON d.orchestrator = o.id "
                         "WHERE o.ns = ?",
                         owed));
    STIPEND_TRY(add_rows(database, id,
                         cat("SELECT p.network, p.state, p.wei FROM payout p JOIN orchestrator o "
                             "ON o.id = p.orchestrator WHERE o.ns = ? AND p.state != ",
                             static_cast<int>(PayoutState::returned)),
                         [&of](std::int64_t network, std::int64_t state) -> SignedWei* {
                             auto* sums = of(network);
                             if (sums == nullptr) return nullptr;
                             return state == static_cast<int>(PayoutState::paid) ? &sums->paid : &sums->under_way;
                         }));
    return out;
}

}  // namespace stipend::ledger
