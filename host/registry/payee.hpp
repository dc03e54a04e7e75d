// The payees: the identity of an orchestrator, and the terms that its configuration gives it.
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
    std::string address;            // where it is asked
    std::string service_addresses;  // what else it may announce, separated by '\n'
    std::string capability;         // empty: the dispatch plugin's own
    std::string payout_address;
    std::string worker_key;
    stipend_unix_ns first_seen_at = 0;
    bool active = false;  // in the configuration at present

    [[nodiscard]] ledger::Orchestrator row() const;
};

// The identity that the configuration gives an orchestrator; `id` is still 0.
[[nodiscard]] Payee payee_of(config::Orchestrator orchestrator);

// All payees that the ledger knows, active or not, by place, by key and by id. Ids rise with the place.
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
    // The keys are stored in the payees alone: with 100,000 of them a second copy counts.
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

// Finds the payee that a new one was before: punishment follows the payout address, the endpoint and the worker's key, not the
// name. A snapshot of the inactive payees of a table.
class Predecessors {
  public:
    explicit Predecessors(const Table& table);
    // The inactive payee that shares one of the three with `payee`; the latest one that was added.
    [[nodiscard]] std::optional<PayeeIndex> find(const Payee& payee) const;

  private:
    std::unordered_map<std::string, PayeeIndex> by_mark_;
};

}  // namespace stipend::registry
