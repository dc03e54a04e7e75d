// The networks that a configuration pays on, and the rate of each. All on [control].
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/engine/price_feed.hpp"
#include "host/ledger/rows.hpp"

namespace stipend::engine {

// What a configuration says of one.
struct NetworkTerms {
    std::string name;                         // empty: the first one
    ledger::Network row = {.symbol = "ETH"};  // its id is given when it is installed
    PriceRules price;
    std::int64_t price_every_ns = 0;

    // The id of an alert about it: `kind` of the first one, "price:usdc" of another.
    [[nodiscard]] std::string alert_id(std::string_view kind) const {
        return name.empty() ? std::string(kind) : cat(kind, ":", name);
    }
    friend bool operator==(const NetworkTerms&, const NetworkTerms&) = default;
};

class PaidNetworks {
  public:
    struct One {
        NetworkTerms terms;
        PriceFeed price;
    };
    // `known` and `prices` are the ledger's. Due at `now`: a run begins with fresh rates.
    PaidNetworks(std::vector<ledger::Network> known, std::vector<ledger::Price> prices, stipend_unix_ns now)
        : known_(std::move(known)), prices_before_(std::move(prices)), began_at_(now) {}

    // Puts these in force, and appends to `added` those that are new to the ledger, with their ids. What is in force
    // stays: the first configuration of a run has all that later ones have, in the same order. CONFIG: the ledger has a
    // token with other decimals, or another symbol; nothing has changed.
    Result<void> install(const std::vector<NetworkTerms>& wanted, std::vector<ledger::Network>& added,
                         stipend_unix_ns now);
    // Their price rules are others: each is asked for its rate at once.
    void set_rules(const std::vector<NetworkTerms>& wanted, stipend_unix_ns now);

    // By their places in the configuration.
    [[nodiscard]] const std::vector<One>& all() const { return all_; }
    [[nodiscard]] PriceFeed& price(std::size_t place) { return all_.at(place).price; }
    [[nodiscard]] ledger::NetworkId id_at(std::size_t place) const { return all_.at(place).terms.row.id; }
    // NULL: the configuration does not pay there.
    [[nodiscard]] const One* find(ledger::NetworkId id) const;
    [[nodiscard]] std::optional<std::int64_t> rate(ledger::NetworkId id, stipend_unix_ns now) const;
    // NULL: the ledger has none of that id. The first one is known once there are terms.
    [[nodiscard]] const ledger::Network* known(ledger::NetworkId id) const {
        const auto found = std::ranges::find(known_, id, &ledger::Network::id);
        return found == known_.end() ? nullptr : &*found;
    }
    // Each has had an answer in this run.
    [[nodiscard]] bool answered() const;
    [[nodiscard]] std::optional<stipend_unix_ns> next_wakeup() const;

  private:
    // The one of the ledger, or one more with the next id.
    [[nodiscard]] Result<ledger::Network> numbered(const NetworkTerms& wanted, std::size_t place,
                                                   stipend_unix_ns now) const;

    std::vector<ledger::Network> known_;        // of the ledger, by id
    std::vector<ledger::Price> prices_before_;  // of earlier runs
    std::vector<One> all_;
    stipend_unix_ns began_at_;
};

}  // namespace stipend::engine
