#include "host/engine/generations.hpp"

#include <algorithm>

namespace stipend::engine {
namespace {

bool same_row(const ledger::Generation& a, const ledger::Generation& b) {
    return a.policy == b.policy && a.version == b.version && a.revision == b.revision &&
           a.memory_version == b.memory_version && a.so_sha256 == b.so_sha256 && a.config == b.config &&
           a.terms == b.terms;
}

}  // namespace

bool same_rules(const Generation& a, const Generation& b) {
    return same_row(a.row, b.row) && a.interval_ns == b.interval_ns && a.common == b.common &&
           a.policy_configs == b.policy_configs && a.networks == b.networks && a.dispatch == b.dispatch &&
           a.limits == b.limits && a.fees == b.fees && a.demand == b.demand;
}

bool Generations::install(std::shared_ptr<Generation> generation, stipend_unix_ns now, bool replaces) {
    if (replaces) {
        STIPEND_ASSERT(!empty() && !bound(newest()));
        live_.pop_back();
    }
    STIPEND_ASSERT(!full());
    auto& row = generation->row;
    row.at = now;
    const bool is_new = !last_ || !same_row(*last_, row);
    row.id = is_new ? next_++ : last_->id;
    if (is_new) last_ = row;
    const auto owner = owner_of(row.policy, row.memory_version);
    live_.push_back({std::move(generation), owner, 0});
    return is_new;
}

std::vector<std::shared_ptr<const Generation>> Generations::all() const {
    std::vector<std::shared_ptr<const Generation>> out;
    for (const auto& live : live_) out.push_back(live.generation);
    return out;
}

Generations::Number Generations::at_start(stipend_unix_ns start) const {
    auto place = live_.size() - 1;
    while (place > 0 && live_[place].generation->installed_at() > start) --place;
    return first_ + static_cast<Number>(place);
}

void Generations::release(Number number) {
    auto& live = at(number);
    STIPEND_ASSERT(live.users > 0);
    --live.users;
}

void Generations::retire(std::optional<stipend_unix_ns> earliest_due) {
    while (live_.size() > 1 && live_.front().users == 0) {
        std::int64_t longest = 0;
        for (const auto& live : live_) longest = std::max(longest, live.generation->interval_ns);
        if (earliest_due && *earliest_due - longest < live_[1].generation->installed_at()) return;
        live_.pop_front();
        ++first_;
    }
}

void Generations::retire_before(std::optional<stipend_unix_ns> earliest_start) {
    while (live_.size() > 1 && live_.front().users == 0) {
        if (earliest_start && *earliest_start < live_[1].generation->installed_at()) return;
        live_.pop_front();
        ++first_;
    }
}

std::uint32_t Generations::owner_of(const std::string& policy, std::uint32_t version) {
    const MemoryOwner wanted{policy, version};
    const auto found = std::find(owners_.begin(), owners_.end(), wanted);
    const auto place = static_cast<std::uint32_t>(found - owners_.begin());
    if (found == owners_.end()) owners_.push_back(wanted);
    return place;
}

}  // namespace stipend::engine
