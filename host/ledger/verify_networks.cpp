// Verifies networks: what the chain says of them, on which of them each orchestrator is owed, and that each asset has
// accounts of its own.
#include "host/ledger/verify.hpp"

#include <algorithm>

#include "host/ledger/columns.hpp"
#include "host/ledger/invariants.hpp"

namespace stipend::ledger {

Result<void> Verifier::load_networks() {
    STIPEND_LET(rows,
                main_.prepare(cat("SELECT ", columns<Network>(), ", ns, space, coin_space FROM network ORDER BY id")));
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) break;
        NetworkTrack one{.row = read_row<Network>(rows)};
        one.ns = rows.i64();
        one.space = rows.i64();
        one.coin = rows.i64();
        const auto name = cat("network ", one.row.id);
        if (const auto broken = broken_invariant(one.row)) bad(name, *broken);
        const auto owner = namespaces_[one.ns];
        const auto coin = cat(owner.substr(0, owner.find(':')), ":", one.row.chain_id);
        if (namespaces_[one.coin] != coin ||
            namespaces_[one.space] != coin + (one.row.token.empty() ? "" : ":") + one.row.token) {
            bad(name, "its accounts are in another namespace than its own");
        }
        networks_.emplace(one.row.id, std::move(one));
    }
    for (const auto& [id, name] : namespaces_) {
        if (name == cat("live:", chain_id_)) paid_space_ = id;
    }
    return {};
}

Result<void> Verifier::load_accounts() {
    STIPEND_LET(rows, main_.prepare("SELECT id, ns, name FROM account WHERE id < 0"));
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return {};
        const auto id = rows.i64();
        const auto ns = rows.i64();
        accounts_.emplace(std::pair(ns, rows.text()), id);
        account_spaces_.emplace(id, ns);
    }
}

// What the archives that are missing hold of it.
Result<void> Verifier::load_carried_networks(Seq through) {
    STIPEND_LET(rows, main_.prepare("SELECT orchestrator, seq, network FROM network_of WHERE seq <= ? ORDER BY seq"));
    rows.bind(through);
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return {};
        auto& networks = tracks_[rows.i64()].networks;
        const Seq seq = rows.i64();
        networks.emplace_back(seq, rows.i64());
    }
}

Result<std::string> Verifier::network_row(Seq seq) {
    STIPEND_LET(rows, main_.prepare("SELECT id FROM network WHERE seq = ?"));
    STIPEND_LET(found, rows.bind(seq).next());
    const auto one = found ? networks_.find(rows.i64()) : networks_.end();
    if (one == networks_.end()) return std::string("no row");
    return network_body(one->second.row, namespaces_[one->second.ns]);
}

NetworkId Verifier::network_at(OrchestratorId id, Seq seq) const {
    const auto track = tracks_.find(id);
    if (track == tracks_.end()) return 0;
    const auto& changes = track->second.networks;
    const auto behind =
        std::ranges::upper_bound(changes, seq, {}, [](const std::pair<Seq, NetworkId>& one) { return one.first; });
    return behind == changes.begin() ? 0 : std::prev(behind)->second;
}

std::int64_t Verifier::space_of(NetworkId network) const {
    if (network == 0) return paid_space_;
    const auto found = networks_.find(network);
    return found == networks_.end() ? 0 : found->second.space;
}

std::int64_t Verifier::coin_of(NetworkId network) const {
    if (network == 0) return paid_space_;
    const auto found = networks_.find(network);
    return found == networks_.end() ? 0 : found->second.coin;
}

std::uint64_t Verifier::chain_of(NetworkId network) const {
    const auto found = networks_.find(network);
    return network == 0 || found == networks_.end() ? chain_id_ : found->second.row.chain_id;
}

std::uint32_t Verifier::decimals_of(NetworkId network) const {
    const auto found = networks_.find(network);
    return network == 0 || found == networks_.end() ? coin_decimals
                                                    : std::min(found->second.row.decimals, max_decimals);
}

std::int64_t Verifier::space_of_account(std::int64_t account) const {
    if (account > max_orchestrator) return space_of(account >> 40);
    if (account > 0) {
        const auto known = known_.find(account);
        return known == known_.end() ? 0 : known->second.ns;
    }
    const auto found = account_spaces_.find(account);
    return found == account_spaces_.end() ? 0 : found->second;
}

bool Verifier::is_debt_account(std::int64_t id, std::int64_t ns, const std::string& name) const {
    const auto known = known_.find(id & max_orchestrator);
    if (known == known_.end() || name != "owed:" + known->second.key) return false;
    if (id <= max_orchestrator) return ns == known->second.ns;
    const auto network = networks_.find(id >> 40);
    return network != networks_.end() && network->second.ns == known->second.ns && network->second.space == ns;
}

Result<void> Verifier::check_networks() {
    NetworkId next = 1;
    for (const auto& [id, one] : networks_) {
        if (id != next++) bad(cat("network ", id), "leaves a gap behind the one before");
    }
    STIPEND_TRY(check_network_changes());
    return check_other_debts();
}

Result<void> Verifier::check_network_changes() {
    STIPEND_LET(rows, main_.prepare("SELECT orchestrator, seq, network FROM network_of ORDER BY orchestrator, seq"));
    std::size_t count = 0;
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) break;
        ++count;
        const OrchestratorId id = rows.i64();
        const Seq seq = rows.i64();
        const NetworkId network = rows.i64();
        const auto track = tracks_.find(id);
        if (track == tracks_.end() || !std::ranges::count(track->second.networks, std::pair(seq, network))) {
            bad(cat("network of orchestrator ", id), cat("is not what the chain recorded at seq ", seq));
        }
    }
    std::size_t want = 0;
    for (const auto& [id, track] : tracks_) {
        want += track.networks.size();
        for (const auto& [seq, network] : track.networks) {
            if (network != 0 && !networks_.contains(network)) {
                bad(cat("orchestrator ", id), cat("is on network ", network, " at seq ", seq, ", which there is not"));
            }
        }
    }
    if (count != want) bad("network_of", cat("got ", count, " changes; the chain holds ", want));
    return {};
}

// What is owed on other networks than the present ones, which the states do not hold.
Result<void> Verifier::check_other_debts() {
    std::map<std::int64_t, SignedWei> stored;
    STIPEND_LET(rows, main_.prepare("SELECT orchestrator, network, owed FROM debt"));
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) break;
        const OrchestratorId id = rows.i64();
        const NetworkId network = rows.i64();
        stored[debt_account_of(id, network)] = SignedWei::from_bytes(rows.bytes32());
        if (network == network_at(id, INT64_MAX)) {
            bad(cat("debt of orchestrator ", id), cat("is of the network that it is on: ", network));
        }
    }
    if (rows.malformed()) bad("debt", "an amount is not 32 bytes");
    for (const auto& [account, sum] : sums_) {
        if (account <= 0) continue;
        const auto id = account & max_orchestrator;
        if (account >> 40 == network_at(id, INT64_MAX)) continue;
        const auto got = stored[account];
        if (got != sum) {
            bad(cat("debt of orchestrator ", id, " on network ", account >> 40),
                cat("owed: got ", got.text(), ", the entries sum to ", sum.text()));
        }
    }
    for (const auto& [account, owed] : stored) {
        if (!owed.zero() && !sums_.contains(account)) {
            bad(cat("debt of orchestrator ", account & max_orchestrator), "has no entry");
        }
    }
    return {};
}

Result<void> Verifier::check_prices() {
    STIPEND_LET(rows, main_.prepare(cat("SELECT ", columns<Price>(), ", seq FROM price")));
    std::set<NetworkId> found;
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) break;
        const auto price = read_row<Price>(rows);
        const Seq seq = rows.i64();
        found.insert(price.network);
        const auto last = prices_.find(price.network);
        if (last == prices_.end() && seq <= unchecked_) continue;
        if (last == prices_.end() || seq != last->second.seq || price_body(price) != last->second.body) {
            bad("price", cat("is not what the chain recorded at seq ", last == prices_.end() ? 0 : last->second.seq));
        }
    }
    for (const auto& [network, last] : prices_) {
        if (!found.contains(network)) bad("price", "its row is missing");
    }
    return {};
}

}  // namespace stipend::ledger
