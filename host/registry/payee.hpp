// The orchestrators that are paid: their identities.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
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
    std::string dispatch = {};  // the dispatcher that sends its jobs, by name; empty: `dispatch`
    stipend_unix_ns first_seen_at = 0;

    [[nodiscard]] ledger::Orchestrator row(bool retired) const;
};

// The name of the dispatcher of a payee as people read it: of none, "dispatch".
[[nodiscard]] inline std::string shown_dispatcher(const std::string& dispatch) {
    return dispatch.empty() ? std::string(config::first_dispatcher) : dispatch;
}

// The identity that the configuration gives an orchestrator; `id` is still 0, and `dispatch` is its own.
[[nodiscard]] Payee payee_of(config::Orchestrator orchestrator);

// All payees of the ledger, in the configuration or not, by place, by key and by id. Ids rise with the place.
//
// Rationale: there may be 100,000, most of whose texts are short or empty. A payee's texts are one block, and Payee is
// made of them when asked for. Most keys are the end of the address, and then no text of their own.
class Table {
  public:
    Table() = default;
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;

    void reserve(std::size_t count);
    [[nodiscard]] std::size_t size() const { return rows_.size(); }
    [[nodiscard]] Payee operator[](PayeeIndex at) const;
    [[nodiscard]] ledger::OrchestratorId id(PayeeIndex at) const { return rows_[at].id; }
    [[nodiscard]] std::string key(PayeeIndex at) const { return std::string(view_key(at)); }
    // The dispatcher of a payee; until it is replaced.
    [[nodiscard]] std::string_view dispatch(PayeeIndex at) const;
    [[nodiscard]] std::optional<PayeeIndex> find(std::string_view key) const;
    [[nodiscard]] std::optional<PayeeIndex> find(ledger::OrchestratorId id) const;
    // `payee` has a key that is not there yet, and a higher id than all others.
    PayeeIndex add(const Payee& payee);
    // The key and the id stay.
    void replace(PayeeIndex at, const Payee& payee);
    // After a configuration was taken up: gives the memory that reading it took back to the system. The allocator keeps
    // freed pages otherwise, and threads that use other pools never get them.
    static void release_memory();

  private:
    struct Row {
        ledger::OrchestratorId id = 0;
        stipend_unix_ns first_seen_at = 0;
        std::unique_ptr<char[]> texts;  // the lengths, then the texts
    };
    static_assert(sizeof(Row) <= 24, "there may be 100,000 of them");

    [[nodiscard]] std::string_view view_key(PayeeIndex at) const;
    // The place of the key in `places_`, or the free one where it would be.
    [[nodiscard]] std::size_t place_of(std::string_view key) const;
    void place_all(std::size_t count);

    std::vector<Row> rows_;
    std::vector<PayeeIndex> places_;  // by key: a hash table with open addressing, a power of two long
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
