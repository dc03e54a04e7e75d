#include "host/runtime/outage.hpp"

#include <algorithm>
#include <limits>

namespace stipend::runtime {
namespace {

constexpr auto no_end = std::numeric_limits<stipend_unix_ns>::max();

}  // namespace

Outage::Turn Outage::review(const Visit& visit, stipend_unix_ns now) {
    std::size_t all = 0;
    bool any_up = false, any_down = false;
    stipend_unix_ns first = no_end, last = 0;
    std::int64_t every_ns = 0;
    visit([&](const Check& check) {
        any_up = check.verdict == STIPEND_UP;
        if (any_up) return false;
        ++all;
        any_down = any_down || check.verdict != STIPEND_UNKNOWN;
        first = std::min(first, check.since);
        last = std::max(last, check.since);
        every_ns = std::max(every_ns, check.every_ns);
        return true;
    });
    Turn turn;
    const bool none_up = !any_up && all != 0;
    if (unseen_ && (!none_up || any_down)) {
        unseen_ = false;
        turn.unseen = Step::ended;
    }
    if (open_) {
        if (none_up) return turn;
        open_ = false;
        end_blind(now);
        turn.failed = Step::ended;
        return turn;
    }
    // One that was never looked at has not turned to anything: `since` is 0.
    if (!none_up || unseen_ || first == 0 || last - first > every_ns) return turn;
    (any_down ? open_ : unseen_) = true;
    (any_down ? turn.failed : turn.unseen) = Step::began;
    began_ = first;
    checks_ = all;
    every_ns_ = every_ns;
    return turn;
}

void Outage::witnessed(bool answered, stipend_unix_ns at) {
    if (!open_) return;
    if (answered) return end_blind(at);
    look_at_ = at + every_ns_;
    if (blind_) return;
    blind_ = true;
    const std::lock_guard lock(mutex_);
    if (spans_.size() >= max_spans) spans_.erase(spans_.begin());
    spans_.push_back({began_, no_end});
}

void Outage::end_blind(stipend_unix_ns at) {
    if (!std::exchange(blind_, false)) return;
    const std::lock_guard lock(mutex_);
    spans_.back().to = std::max(at, spans_.back().from);
}

std::vector<Window> Outage::blind(stipend_unix_ns from, stipend_unix_ns to) const {
    std::vector<Window> out;
    const std::lock_guard lock(mutex_);
    for (const auto& span : spans_) {
        const Window part{std::max(span.from, from), std::min(span.to, to)};
        if (part.from < part.to) out.push_back(part);
    }
    return out;
}

}  // namespace stipend::runtime
