#include "host/registry/payee.hpp"

namespace stipend::registry {

ledger::Orchestrator Payee::row() const {
    return {.id = id,
            .key = key,
            .address = address,
            .payout_address = payout_address,
            .worker_key = worker_key,
            .retired = !active,
            .first_seen_at = first_seen_at};
}

Payee payee_of(const config::Orchestrator& orchestrator) {
    Payee payee;
    payee.key = orchestrator.id;
    payee.address = orchestrator.address;
    for (const auto& address : orchestrator.service_addresses) {
        if (!payee.service_addresses.empty()) payee.service_addresses += '\n';
        payee.service_addresses += address;
    }
    payee.capability = orchestrator.capability;
    payee.payout_address = orchestrator.payout_address;
    payee.worker_key = orchestrator.worker_key;
    payee.active = true;
    return payee;
}

std::optional<PayeeIndex> Table::find(const std::string& key) const {
    const auto at = by_key_.find(key);
    return at == by_key_.end() ? std::nullopt : std::optional(at->second);
}

std::optional<PayeeIndex> Table::find(ledger::OrchestratorId id) const {
    const auto at = by_id_.find(id);
    return at == by_id_.end() ? std::nullopt : std::optional(at->second);
}

PayeeIndex Table::add(Payee payee) {
    const auto at = static_cast<PayeeIndex>(payees_.size());
    by_key_.emplace(payee.key, at);
    by_id_.emplace(payee.id, at);
    payees_.push_back(std::move(payee));
    return at;
}

namespace {

// What makes two payees the same party. Each kind has a space of its own, so that no two kinds can meet.
template <class Use>
void for_each_mark(const Payee& payee, Use&& use) {
    if (!payee.address.empty()) use("address " + payee.address);
    if (!payee.payout_address.empty()) use("payout " + payee.payout_address);
    if (!payee.worker_key.empty()) use("key " + payee.worker_key);
}

}  // namespace

Predecessors::Predecessors(const Table& table) {
    for (std::size_t at = 0; at < table.size(); ++at) {
        const auto index = static_cast<PayeeIndex>(at);
        if (table[index].active) continue;
        for_each_mark(table[index], [&](const std::string& mark) { by_mark_[mark] = index; });
    }
}

std::optional<PayeeIndex> Predecessors::find(const Payee& payee) const {
    std::optional<PayeeIndex> latest;
    if (by_mark_.empty()) return latest;
    for_each_mark(payee, [&](const std::string& mark) {
        const auto at = by_mark_.find(mark);
        if (at != by_mark_.end() && (!latest || *latest < at->second)) latest = at->second;
    });
    return latest;
}

}  // namespace stipend::registry
