#include "host/registry/payee.hpp"

namespace stipend::registry {

ledger::Orchestrator Payee::row(stipend_unix_ns first_seen_at) const {
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

bool same_party(const Payee& a, const Payee& b) {
    const auto same = [](const std::string& x, const std::string& y) { return !x.empty() && x == y; };
    return same(a.address, b.address) || same(a.payout_address, b.payout_address) || same(a.worker_key, b.worker_key);
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

std::optional<PayeeIndex> Table::predecessor(const Payee& payee) const {
    for (auto at = payees_.size(); at-- > 0;) {
        if (!payees_[at].active && same_party(payees_[at], payee)) return static_cast<PayeeIndex>(at);
    }
    return std::nullopt;
}

}  // namespace stipend::registry
