// Windows of time that recur by a schedule, as cron has it, in a time zone. Pure, but for the zones of the system.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "stipend/abi/types.h"
#include "stipend/result.hpp"

namespace stipend {

// Half open: [from, to). UTC nanoseconds.
struct Window {
    stipend_unix_ns from = 0;
    stipend_unix_ns to = 0;
    friend bool operator==(const Window&, const Window&) = default;
};

// Begins at each minute of the zone's clock that fits the schedule, and lasts as long each time. A minute that the
// clock skips in spring begins where it is set forward; one that comes twice in autumn begins once, the first time.
// Immutable, cheap to copy, thread-safe.
class Recurring {
  public:
    static constexpr std::int64_t longest_ns = std::int64_t{7} * 86'400 * 1'000'000'000;

    // `schedule`: "minute hour day-of-month month day-of-week" with *, lists, ranges, steps and names (jan, mon; 0 and
    // 7 are Sunday), where a day fits one of two restricted fields; or @hourly, @daily, @weekly, @monthly. `zone`: a
    // name such as Europe/Berlin. An error's `path` is /schedule, /zone or /duration.
    static Result<Recurring> make(std::string_view schedule, std::string_view zone, std::int64_t duration_ns);

    // The window that holds `now`, else the next one; nothing where none begins within nine years.
    [[nodiscard]] std::optional<Window> at_or_after(stipend_unix_ns now) const;
    // The windows within [from, to), cut to it, by time; those that overlap as one.
    [[nodiscard]] std::vector<Window> within(stipend_unix_ns from, stipend_unix_ns to) const;

  private:
    struct Rules;
    explicit Recurring(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}
    std::shared_ptr<const Rules> rules_;
};

}  // namespace stipend
