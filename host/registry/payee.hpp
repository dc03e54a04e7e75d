// Who is paid: the identity of an orchestrator, and the terms that its configuration gives it.
#pragma once

#include <cstdint>
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
[[nodiscard]] Payee payee_of(const config::Orchestrator& orchestrator);

// All payees that the ledger knows, active or not, by place and by key.
class Table {
  public:
    [[nodiscard]] std::size_t size() const { return payees_.size(); }
    [[nodiscard]] const Payee& operator[](PayeeIndex at) const { return payees_[at]; }
    [[nodiscard]] Payee& operator[](PayeeIndex at) { return payees_[at]; }
    [[nodiscard]] std::optional<PayeeIndex> find(const std::string& key) const;
    [[nodiscard]] std::optional<PayeeIndex> find(ledger::OrchestratorId id) const;
    PayeeIndex add(Payee payee);

  private:
    std::vector<Payee> payees_;
    std::unordered_map<std::string, PayeeIndex> by_key_;
    std::unordered_map<ledger::OrchestratorId, PayeeIndex> by_id_;
};

// Finds who a new payee was before: punishment follows the payout address, the endpoint and the worker's key, not the
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
