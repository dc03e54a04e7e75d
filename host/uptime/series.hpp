// One target as it was watched: its history, and the verdict that holds at present.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/uptime/history.hpp"
#include "stipend/abi/monitor.h"

namespace stipend::uptime {

// A verdict over [from, to]; an instant where both are equal.
struct Observation {
    std::int32_t verdict = STIPEND_UNKNOWN;  // STIPEND_UP, _DOWN, _DEGRADED (counts as down) or _UNKNOWN
    stipend_unix_ns from = 0;
    stipend_unix_ns to = 0;
    std::string_view why;  // evidence, for people; cut to max_why_bytes
};

class Series {
  public:
    static constexpr std::size_t max_why_bytes = 1024;

    // `hold_ns`: how long a verdict is believed after it was seen, if nothing else is seen. Longer than the time
    // between two looks, or their time between would not count.
    explicit Series(std::int64_t hold_ns) : hold_ns_(hold_ns) {}

    // Takes what was seen. A verdict holds until the next one; one about the past fills what was not seen before, and
    // changes nothing else. UNKNOWN ends what held, from its beginning on. One that ends before it begins is ignored.
    void observe(const Observation& observation);
    // What the disk kept; before anything is observed.
    void restore(const Span& span) { history_.add(span); }
    void set_hold(std::int64_t hold_ns) { hold_ns_ = hold_ns; }

    // How [from, to) was spent, the verdict that holds included. [pure]
    [[nodiscard]] Share measure(stipend_unix_ns from, stipend_unix_ns to) const;
    // The verdict at `now`: UNKNOWN where the last one is too old. [pure]
    [[nodiscard]] std::int32_t verdict(stipend_unix_ns now) const;
    // Since when it has been so; at least one look ago. [pure]
    [[nodiscard]] stipend_unix_ns since() const { return since_; }
    // When it was last looked at; 0: never.
    [[nodiscard]] stipend_unix_ns seen_at() const { return at_; }
    [[nodiscard]] const std::string& why() const { return why_; }
    [[nodiscard]] std::uint64_t looks() const { return looks_; }
    // What was seen within [from, to), by time, the verdict that holds included. [pure]
    [[nodiscard]] std::vector<Span> spans(stipend_unix_ns from, stipend_unix_ns to) const;
    // Where the last stretch of [from, to) in which it was not up began, down and not seen alike, be that before
    // `from`; nothing where it was up all the time. [pure]
    [[nodiscard]] std::optional<stipend_unix_ns> last_not_up_since(stipend_unix_ns from, stipend_unix_ns to) const;

    [[nodiscard]] History& history() { return history_; }
    [[nodiscard]] const History& history() const { return history_; }

  private:
    [[nodiscard]] stipend_unix_ns not_up_before(stipend_unix_ns time) const;
    [[nodiscard]] Span held_until(stipend_unix_ns time) const;

    std::int64_t hold_ns_;
    History history_;
    std::int32_t verdict_ = STIPEND_UNKNOWN;
    stipend_unix_ns at_ = 0;
    stipend_unix_ns since_ = 0;
    std::string why_;
    std::uint64_t looks_ = 0;
};

// up / whole in parts per million, rounded down. 0 where `whole_ns` is not above 0. [pure]
[[nodiscard]] std::uint32_t ppm_of(std::int64_t up_ns, std::int64_t whole_ns);

}  // namespace stipend::uptime
