#include "host/uptime/history.hpp"

#include <algorithm>

namespace stipend::uptime {
namespace {

// The first span that ends after `time`.
std::size_t first_after(const std::vector<Span>& spans, stipend_unix_ns time) {
    const auto at =
        std::partition_point(spans.begin(), spans.end(), [time](const Span& span) { return span.to <= time; });
    return static_cast<std::size_t>(at - spans.begin());
}

}  // namespace

void History::add(const Span& span) {
    auto from = span.from;
    // Hole by hole: `at` is the first span that ends after `from`, so whatever lies before it is no longer in question.
    for (auto at = first_after(spans_, from); from < span.to; at = first_after(spans_, from)) {
        const auto end = at < spans_.size() ? std::min(span.to, spans_[at].from) : span.to;
        if (from < end) {
            insert(at, {from, end, span.up});
            from = end;
        } else {
            from = spans_[at].to;
        }
    }
    if (spans_.size() > max_spans)
        spans_.erase(spans_.begin(), spans_.begin() + static_cast<std::ptrdiff_t>(spans_.size() - max_spans));
}

// `span` fits between the spans before and at `at`.
void History::insert(std::size_t at, const Span& span) {
    const auto here = [&](std::size_t index) { return spans_.begin() + static_cast<std::ptrdiff_t>(index); };
    const bool joins_before = at > 0 && spans_[at - 1].to == span.from && spans_[at - 1].up == span.up;
    const bool joins_after = at < spans_.size() && spans_[at].from == span.to && spans_[at].up == span.up;
    if (joins_before) {
        spans_[at - 1].to = joins_after ? spans_[at].to : span.to;
        if (joins_after) spans_.erase(here(at));
        return note_change(spans_[at - 1].from);
    }
    if (joins_after) {
        spans_[at].from = span.from;
    } else {
        spans_.insert(here(at), span);
    }
    note_change(span.from);
}

void History::note_change(stipend_unix_ns from) {
    if (std::find(changed_.begin(), changed_.end(), from) == changed_.end()) changed_.push_back(from);
}

Share History::measure(stipend_unix_ns from, stipend_unix_ns to) const {
    Share out;
    for (auto at = first_after(spans_, from); at < spans_.size() && spans_[at].from < to && from < to; ++at) {
        const auto length = std::min(to, spans_[at].to) - std::max(from, spans_[at].from);
        out.seen_ns += length;
        if (spans_[at].up) out.up_ns += length;
    }
    return out;
}

void History::forget_before(stipend_unix_ns time) {
    spans_.erase(spans_.begin(), spans_.begin() + static_cast<std::ptrdiff_t>(first_after(spans_, time)));
}

std::optional<Span> History::span_before(stipend_unix_ns time) const {
    const auto at = first_after(spans_, time - 1);
    if (at == spans_.size() || spans_[at].from >= time) return std::nullopt;
    return spans_[at];
}

std::vector<Span> History::take_changed() {
    std::vector<Span> out;
    for (const auto from : changed_) {
        const auto at = first_after(spans_, from);
        if (at < spans_.size() && spans_[at].from <= from) out.push_back(spans_[at]);
    }
    changed_.clear();
    return out;
}

}  // namespace stipend::uptime
