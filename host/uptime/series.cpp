#include "host/uptime/series.hpp"

#include <algorithm>

#include "stipend/result.hpp"

namespace stipend::uptime {
namespace {

bool is_known(std::int32_t verdict) {
    return verdict == STIPEND_UP || verdict == STIPEND_DOWN || verdict == STIPEND_DEGRADED;
}

}  // namespace

// The stretch over which the present verdict is believed, up to `time`; empty where there is none.
Span Series::held_until(stipend_unix_ns time) const {
    if (!is_known(verdict_) || time <= at_) return {at_, at_, false};
    return {at_, time - at_ > hold_ns_ ? at_ + hold_ns_ : time, verdict_ == STIPEND_UP};
}

void Series::observe(const Observation& observation) {
    if (observation.to < observation.from) return;
    ++looks_;
    // What is only about the past says nothing of the present.
    const bool newest = observation.to >= at_;
    if (newest) history_.add(held_until(observation.from));
    if (is_known(observation.verdict))
        history_.add({observation.from, observation.to, observation.verdict == STIPEND_UP});
    if (!newest) return;
    if (verdict_ != observation.verdict || since_ == 0)
        since_ = std::max(observation.from, std::min(at_, observation.to));
    verdict_ = observation.verdict;
    at_ = observation.to;
    why_ = clip(observation.why, max_why_bytes);
}

Share Series::measure(stipend_unix_ns from, stipend_unix_ns to) const {
    auto out = history_.measure(from, to);
    const auto held = held_until(to);
    const auto begin = std::max(from, held.from);
    if (begin >= held.to) return out;
    // The history may hold a part of it already, reported out of order.
    const auto unknown_ns = held.to - begin - history_.measure(begin, held.to).seen_ns;
    out.seen_ns += unknown_ns;
    if (held.up) out.up_ns += unknown_ns;
    return out;
}

std::int32_t Series::verdict(stipend_unix_ns now) const {
    return at_ != 0 && now - at_ <= hold_ns_ ? verdict_ : STIPEND_UNKNOWN;
}

std::vector<Span> Series::spans(stipend_unix_ns from, stipend_unix_ns to) const {
    std::vector<Span> out;
    const auto take = [&](const Span& span) {
        const Span part{std::max(from, span.from), std::min(to, span.to), span.up};
        if (part.from >= part.to) return;
        if (!out.empty() && out.back().to == part.from && out.back().up == part.up) {
            out.back().to = part.to;
        } else {
            out.push_back(part);
        }
    };
    for (const auto& span : history_.spans()) take(span);
    // What is held begins where the newest look ended; the history may reach further, reported out of order.
    auto held = held_until(to);
    if (!out.empty()) held.from = std::max(held.from, out.back().to);
    take(held);
    return out;
}

std::optional<stipend_unix_ns> Series::last_not_up_since(stipend_unix_ns from, stipend_unix_ns to) const {
    const auto all = spans(from, to);
    auto end = to;
    auto at = all.size();
    while (at > 0 && all[at - 1].up && all[at - 1].to == end) end = all[--at].from;
    if (end == from) return std::nullopt;  // up all the time
    while (at > 0 && !all[at - 1].up) --at;
    return at > 0 ? all[at - 1].to : not_up_before(from);
}

// Where the stretch that reaches `time` began: the end of what was last up, or the first observation.
stipend_unix_ns Series::not_up_before(stipend_unix_ns time) const {
    const auto earlier = spans(0, time);
    for (auto at = earlier.rbegin(); at != earlier.rend(); ++at) {
        if (at->up) return at->to;
    }
    return earlier.empty() ? time : earlier.front().from;
}

std::uint32_t ppm_of(std::int64_t up_ns, std::int64_t whole_ns) {
    if (whole_ns <= 0 || up_ns <= 0) return 0;
    return static_cast<std::uint32_t>(static_cast<__int128>(std::min(up_ns, whole_ns)) * 1'000'000 / whole_ns);
}

}  // namespace stipend::uptime
