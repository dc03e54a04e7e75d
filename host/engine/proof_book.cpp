#include "host/engine/proof_book.hpp"

namespace stipend::engine {

void ProofBook::expect(const std::set<std::string>& ids, stipend_unix_ns now) {
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [&](const auto& entry) { return !ids.contains(entry.first); });
    for (const auto& id : ids) entries_.try_emplace(id, Entry{.since = now});
}

void ProofBook::proven(std::string_view id, stipend_unix_ns now) {
    const std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(id); found != entries_.end()) found->second.last = now;
}

void ProofBook::not_checked(std::string_view id, stipend_unix_ns now) {
    const std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(id); found != entries_.end()) found->second = {.since = now};
}

ProofBook::Standing ProofBook::standing(std::string_view id, std::int64_t patience_ns, stipend_unix_ns now) const {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end()) return Standing::overdue;
    const auto& entry = found->second;
    if (entry.last != 0) return now - entry.last <= patience_ns ? Standing::good : Standing::overdue;
    return now - entry.since <= patience_ns ? Standing::unheard : Standing::overdue;
}

stipend_unix_ns ProofBook::last(std::string_view id) const {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(id);
    return found == entries_.end() ? 0 : found->second.last;
}

}  // namespace stipend::engine
