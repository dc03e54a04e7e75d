// What was seen of one target, as stretches of time in which it was up or down. What was not seen is in none of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "host/base/time.hpp"

namespace stipend::uptime {

// Half open: [from, to). UTC nanoseconds.
struct Span {
    stipend_unix_ns from = 0;
    stipend_unix_ns to = 0;
    bool up = false;
    friend bool operator==(const Span&, const Span&) = default;
};

// How a window of time was spent; what is missing to its length was not seen.
struct Share {
    std::int64_t up_ns = 0;
    std::int64_t seen_ns = 0;
};

class History {
  public:
    // The most spans that are kept: beyond it the oldest are forgotten, and so count as not seen.
    static constexpr std::size_t max_spans = 4096;

    // Adds what `span` says of the time that no earlier one spoke of: what was seen stays as it was seen. Spans that
    // touch and agree become one. An empty one changes nothing.
    void add(const Span& span);
    // How [from, to) was spent; nothing where it is empty or reversed. [pure]
    [[nodiscard]] Share measure(stipend_unix_ns from, stipend_unix_ns to) const;
    // Forgets what ended before `time`.
    void forget_before(stipend_unix_ns time);
    // The span that holds the instant just before `time`. [pure]
    [[nodiscard]] std::optional<Span> span_before(stipend_unix_ns time) const;

    [[nodiscard]] const std::vector<Span>& spans() const { return spans_; }  // by time, apart from each other
    // The spans that changed since the last call, as they are now; for storing them.
    [[nodiscard]] std::vector<Span> take_changed();
    [[nodiscard]] bool changed() const { return !changed_.empty(); }

  private:
    void insert(std::size_t at, const Span& span);
    void note_change(stipend_unix_ns from);

    std::vector<Span> spans_;
    std::vector<stipend_unix_ns> changed_;  // where changed spans begin, each once
};

}  // namespace stipend::uptime
