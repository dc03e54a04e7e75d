// When the exchange rate is asked for, and which one is in force.
#pragma once

#include <algorithm>
#include <optional>

#include "host/engine/price_gate.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {

class PriceFeed {
  public:
    // Due at `now`: a run begins with a fresh rate.
    explicit PriceFeed(stipend_unix_ns now) : due_at_(now) {}

    // The last rate that was accepted in an earlier run.
    void restore(Quote quote) { gate_.restore(std::move(quote)); }
    // Other rules, by which the next answer is judged; it is asked for at once.
    void set_rules(PriceRules rules, stipend_unix_ns now) {
        gate_.set_rules(rules);
        due_at_ = std::min(due_at_, now);
    }

    // True where the rate is to be asked for now. `answer` follows before the next time.
    [[nodiscard]] bool ask(stipend_unix_ns now) {
        if (asked_ || now < due_at_) return false;
        asked_ = true;
        return true;
    }
    // The answer. It is asked for again after `every_ns`, or a second. INVALID: refused, and no rate is in force; so it
    // is after a permanent error. After any other one the last rate remains, up to its age.
    [[nodiscard]] Result<void> answer(const Result<Quote>& quote, stipend_unix_ns now, std::int64_t every_ns) {
        asked_ = false;
        answered_ = true;
        due_at_ = now + std::max(every_ns, ns_per_s);
        if (!quote) {
            if (quote.error().permanent) gate_.refuse();
            return quote.error();
        }
        return gate_.offer(*quote, now);
    }

    // At least one answer came in this run.
    [[nodiscard]] bool answered() const { return answered_; }
    [[nodiscard]] std::optional<std::int64_t> rate(stipend_unix_ns now) const { return gate_.rate(now); }
    // The same with its source.
    [[nodiscard]] std::optional<Quote> quote(stipend_unix_ns now) const {
        return rate(now) ? gate_.last_accepted() : std::nullopt;
    }
    // When to ask next; none while an answer is awaited.
    [[nodiscard]] std::optional<stipend_unix_ns> next_wakeup() const {
        return asked_ ? std::nullopt : std::optional(due_at_);
    }

  private:
    PriceGate gate_{PriceRules{}};
    stipend_unix_ns due_at_;
    bool asked_ = false;
    bool answered_ = false;
};

}  // namespace stipend::engine
