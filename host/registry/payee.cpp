#include "host/registry/payee.hpp"

#include <algorithm>

namespace stipend::registry {

ledger::Orchestrator Payee::row(bool retired) const {
    return {.id = id,
            .key = key,
            .address = address,
            .payout_address = payout_address,
            .worker_key = worker_key,
            .retired = retired,
            .first_seen_at = first_seen_at};
}

Payee payee_of(config::Orchestrator orchestrator) {
    Payee payee;
    payee.key = std::move(orchestrator.id);
    payee.address = std::move(orchestrator.address);
    for (const auto& address : orchestrator.service_addresses) {
        if (!payee.service_addresses.empty()) payee.service_addresses += '\n';
        payee.service_addresses += address;
    }
    payee.capability = std::move(orchestrator.capability);
    payee.payout_address = std::move(orchestrator.payout_address);
    payee.worker_key = std::move(orchestrator.worker_key);
    return payee;
}

void Table::reserve(std::size_t count) {
    payees_.reserve(count);
    by_key_.reserve(count);
}

std::optional<PayeeIndex> Table::find(std::string_view key) const {
    const auto at = by_key_.find(key);
    return at == by_key_.end() ? std::nullopt : std::optional(*at);
}

std::optional<PayeeIndex> Table::find(ledger::OrchestratorId id) const {
    const auto at = std::ranges::lower_bound(payees_, id, {}, &Payee::id);
    if (at == payees_.end() || at->id != id) return std::nullopt;
    return static_cast<PayeeIndex>(at - payees_.begin());
}

PayeeIndex Table::add(Payee payee) {
    STIPEND_ASSERT(payees_.empty() || payees_.back().id < payee.id);
    const auto at = static_cast<PayeeIndex>(payees_.size());
    payees_.push_back(std::move(payee));
    const bool is_new = by_key_.insert(at).second;
    STIPEND_ASSERT(is_new);
    return at;
}

namespace {

// What makes two payees the same party. Each kind has a space of its own, so that no two kinds can meet.
template <class Use>
void for_each_identity(const Payee& payee, Use&& use) {
    if (!payee.address.empty()) use("address " + payee.address);
    if (!payee.payout_address.empty()) use("payout " + payee.payout_address);
    if (!payee.worker_key.empty()) use("key " + payee.worker_key);
}

}  // namespace

IdentityIndex::IdentityIndex(const Table& table, const std::vector<bool>& active) {
    STIPEND_ASSERT(active.size() == table.size());
    for (std::size_t at = 0; at < table.size(); ++at) {
        const auto index = static_cast<PayeeIndex>(at);
        if (active[at]) continue;
        for_each_identity(table[index], [&](const std::string& mark) { by_mark_[mark] = index; });
    }
}

std::optional<PayeeIndex> IdentityIndex::find(const Payee& payee) const {
    std::optional<PayeeIndex> latest;
    if (by_mark_.empty()) return latest;
    for_each_identity(payee, [&](const std::string& mark) {
        const auto at = by_mark_.find(mark);
        if (at != by_mark_.end() && (!latest || *latest < at->second)) latest = at->second;
    });
    return latest;
}

}  // namespace stipend::registry
