#include "host/engine/paid_networks.hpp"

#include <algorithm>

namespace stipend::engine {

Result<ledger::Network> PaidNetworks::numbered(const NetworkTerms& wanted, std::size_t place,
                                               stipend_unix_ns now) const {
    auto row = wanted.row;
    // The coin of the first one is that of the ledger's own chain.
    const bool of_ledger = place == 0 && !row.is_token();
    const auto same = [&](const ledger::Network& one) {
        return of_ledger ? one.id == 0 : one.is_of(row.chain_id, row.token);
    };
    const auto found = std::ranges::find_if(known_, same);
    if (found == known_.end()) {
        row.id = static_cast<ledger::NetworkId>(known_.size());
        row.at = now;
        return row;
    }
    if (found->decimals == row.decimals && found->symbol == row.symbol) return *found;
    const auto option = place == 0 ? std::string("network.asset") : cat("networks: ", wanted.name, ": asset");
    return fail(STIPEND_E_CONFIG, option, ": got ", row.symbol, " with ", row.decimals, " decimals for ", row.token,
                ", want what the ledger has recorded of it, ", found->symbol, " with ", found->decimals,
                " decimals: these never change");
}

Result<void> PaidNetworks::install(const std::vector<NetworkTerms>& wanted, std::vector<ledger::Network>& added,
                                   stipend_unix_ns now) {
    STIPEND_ASSERT(!wanted.empty() && all_.size() <= wanted.size());
    if (known_.empty()) known_.push_back({.chain_id = wanted.front().row.chain_id, .symbol = "ETH"});
    const auto known_before = known_.size();
    std::vector<NetworkTerms> rows;
    for (std::size_t place = 0; place < wanted.size(); ++place) {
        auto row = numbered(wanted[place], place, now);
        if (row && static_cast<std::size_t>(row->id) > ledger::max_networks) {
            row = fail(STIPEND_E_LIMIT, "networks: the ledger has ", ledger::max_networks, " networks already");
        }
        if (!row) {
            known_.resize(known_before);
            return std::move(row).error();
        }
        if (static_cast<std::size_t>(row->id) == known_.size()) known_.push_back(*row);
        rows.push_back(wanted[place]);
        rows.back().row = std::move(*row);
    }
    added.insert(added.end(), known_.begin() + static_cast<std::ptrdiff_t>(known_before), known_.end());
    for (std::size_t place = 0; place < rows.size(); ++place) {
        if (place < all_.size()) {
            STIPEND_ASSERT(all_[place].terms.row.id == rows[place].row.id);
            all_[place].terms = std::move(rows[place]);
            continue;
        }
        auto& one = all_.emplace_back(One{std::move(rows[place]), PriceFeed(began_at_)});
        one.price.set_rules(one.terms.price, now);
        const auto before = std::ranges::find(prices_before_, one.terms.row.id, &ledger::Price::network);
        if (before != prices_before_.end()) {
            one.price.restore({before->usd_per_eth_e8, before->at, 0, before->source});
        }
    }
    prices_before_.clear();
    return {};
}

void PaidNetworks::set_rules(const std::vector<NetworkTerms>& wanted, stipend_unix_ns now) {
    for (std::size_t place = 0; place < all_.size(); ++place) all_[place].price.set_rules(wanted.at(place).price, now);
}

const PaidNetworks::One* PaidNetworks::find(ledger::NetworkId id) const {
    const auto found = std::ranges::find_if(all_, [id](const One& one) { return one.terms.row.id == id; });
    return found == all_.end() ? nullptr : &*found;
}

std::optional<std::int64_t> PaidNetworks::rate(ledger::NetworkId id, stipend_unix_ns now) const {
    const auto* one = find(id);
    return one == nullptr ? std::nullopt : one->price.rate(now);
}

bool PaidNetworks::answered() const {
    return std::ranges::all_of(all_, [](const One& one) { return one.price.answered(); });
}

std::optional<stipend_unix_ns> PaidNetworks::next_wakeup() const {
    std::optional<stipend_unix_ns> next;
    for (const auto& one : all_) {
        if (const auto due = one.price.next_wakeup()) next = next ? std::min(*next, *due) : due;
    }
    return next;
}

}  // namespace stipend::engine
