#include "host/http/admission.hpp"

#include "stipend/result.hpp"

namespace stipend::http {

Admission::Origin* Admission::add(std::uint64_t op, const std::string& key, std::int64_t deadline_ns) {
    auto& origin = origins_[key];
    if (origin.key.empty()) origin.key = key;
    origin.waiting.emplace(op, deadline_ns);
    deadlines_.emplace(deadline_ns, op);
    offer_turn(&origin);
    return &origin;
}

std::optional<std::uint64_t> Admission::next() {
    while (active_ < max_active_ && !ring_.empty()) {
        Origin* origin = ring_.front();
        ring_.pop_front();
        origin->has_turn = false;
        if (origin->waiting.empty()) {
            forget_if_unused(origin);
            continue;
        }
        const auto [op, deadline_ns] = *origin->waiting.begin();
        origin->waiting.erase(origin->waiting.begin());
        deadlines_.erase({deadline_ns, op});
        ++origin->active;
        ++active_;
        offer_turn(origin);
        return op;
    }
    return std::nullopt;
}

bool Admission::withdraw(Origin* origin, std::uint64_t op) {
    const auto found = origin->waiting.find(op);
    if (found == origin->waiting.end()) return false;
    deadlines_.erase({found->second, op});
    origin->waiting.erase(found);
    forget_if_unused(origin);
    return true;
}

void Admission::release(Origin* origin) {
    STIPEND_ASSERT(origin->active > 0 && active_ > 0);
    --origin->active;
    --active_;
    offer_turn(origin);
    forget_if_unused(origin);
}

std::optional<std::uint64_t> Admission::overdue(std::int64_t now_ns) const {
    if (deadlines_.empty() || deadlines_.begin()->first > now_ns) return std::nullopt;
    return deadlines_.begin()->second;
}

std::optional<std::int64_t> Admission::nearest_deadline_ns() const {
    if (deadlines_.empty()) return std::nullopt;
    return deadlines_.begin()->first;
}

void Admission::offer_turn(Origin* origin) {
    if (origin->has_turn || origin->waiting.empty() || origin->active >= max_per_origin_) return;
    origin->has_turn = true;
    ring_.push_back(origin);
}

void Admission::forget_if_unused(Origin* origin) {
    // An origin in the ring is erased when its turn comes.
    if (origin->active == 0 && origin->waiting.empty() && !origin->has_turn) origins_.erase(origins_.find(origin->key));
}

}  // namespace stipend::http
