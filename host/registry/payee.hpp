// The orchestrators that are paid: their identities.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "host/config/settings.hpp"
#include "host/ledger/rows.hpp"

namespace stipend::registry {

using PayeeIndex = std::uint32_t;  // place in the table; never moves while the host runs

struct Payee {
    ledger::OrchestratorId id = 0;
    std::string key;                // the operator's name for it
    std::string address;            // its endpoint
    std::string service_addresses;  // others that it may announce, separated by '\n'
    std::string capability;         // empty: the dispatch plugin's own
    std::string payout_address;
    std::string worker_key;
    stipend_unix_ns first_seen_at = 0;

    [[nodiscard]] ledger::Orchestrator row(bool retired) const;
};

// The identity that the configuration gives an orchestrator; `id` is still 0.
[[nodiscard]] Payee payee_of(config::Orchestrator orchestrator);

// All payees of the ledger, in the configuration or not, by place, by key and by id. Ids rise with the place.
class Table {
  public:
    Table() : by_key_(0, KeyHash{this}, KeyEqual{this}) {}
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;

    void reserve(std::size_t count);
    [[nodiscard]] std::size_t size() const { return payees_.size(); }
    [[nodiscard]] const Payee& operator[](PayeeIndex at) const { return payees_[at]; }
    [[nodiscard]] Payee& operator[](PayeeIndex at) { return payees_[at]; }
    [[nodiscard]] std::optional<PayeeIndex> find(std::string_view key) const;
    [[nodiscard]] std::optional<PayeeIndex> find(ledger::OrchestratorId id) const;
    // `payee` has a key that is not there yet, and a higher id than all others.
    PayeeIndex add(Payee payee);

  private:
    // Keys are stored in the payees only: with 100,000 of them a second copy counts.
    struct KeyHash {
        using is_transparent = void;
        const Table* table;
        std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
        std::size_t operator()(PayeeIndex at) const { return (*this)(table->payees_[at].key); }
    };
    struct KeyEqual {
        using is_transparent = void;
        const Table* table;
        bool operator()(PayeeIndex a, PayeeIndex b) const { return a == b; }
        bool operator()(std::string_view key, PayeeIndex at) const { return key == table->payees_[at].key; }
        bool operator()(PayeeIndex at, std::string_view key) const { return key == table->payees_[at].key; }
    };

    std::vector<Payee> payees_;
    std::unordered_set<PayeeIndex, KeyHash, KeyEqual> by_key_;
};

// Finds the earlier identity of a new payee: punishment follows the payout address, the endpoint and the worker's key,
// not the name. A snapshot of the payees that are not in the configuration.
class IdentityIndex {
  public:
    // `active[at]`: the payee of that place is in the configuration.
    IdentityIndex(const Table& table, const std::vector<bool>& active);
    // The payee that shares one of the three with `payee`; of several the one that was added last.
    [[nodiscard]] std::optional<PayeeIndex> find(const Payee& payee) const;

  private:
    std::unordered_map<std::string, PayeeIndex> by_mark_;
};

}  // namespace stipend::registry
