// Which exchange rates are accepted. A wild rate never becomes a payment: what is due is held.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "stipend/abi/types.h"
#include "stipend/result.hpp"
#include "stipend/usd.hpp"

namespace stipend::engine {

struct PriceRules {
    Usd min;  // of one unit of the asset; so is max
    Usd max;
    std::int64_t max_step_ppm = 0;  // between two accepted rates, up or down: 2,000,000 is a factor of 2
    std::int64_t max_age_ns = 0;
    std::string asset = "ETH";  // that is priced, for people
    std::string network = "";   // whose options these are, for people: " of usdc"; empty: the first one
    friend bool operator==(const PriceRules&, const PriceRules&) = default;
};

struct Quote {
    std::int64_t usd_per_eth_e8 = 0;
    stipend_unix_ns observed_at = 0;
    stipend_unix_ns valid_until = 0;  // 0: the rules' age alone decides
    std::string source;
};

// A source's mantissa x 10^exponent as a rate in 1e-8 USD, rounded down. LIMIT where it does not fit.
[[nodiscard]] Result<std::int64_t> rate_e8(std::int64_t mantissa, std::int32_t exponent);

class PriceGate {
  public:
    explicit PriceGate(PriceRules rules) : rules_(rules) {}
    void set_rules(PriceRules rules) { rules_ = rules; }
    // The last rate that was accepted in an earlier run.
    void restore(Quote quote) { last_ = std::move(quote); }
    // No rate is in force until one is accepted.
    void refuse() { refused_ = true; }

    // Takes a new quote. INVALID: it is refused, and no rate is in force until a good one comes.
    Result<void> offer(Quote quote, stipend_unix_ns now);
    // The rate in force, or none: nothing was accepted, the newest quote was refused, or the last one is too old.
    [[nodiscard]] std::optional<std::int64_t> rate(stipend_unix_ns now) const;
    [[nodiscard]] const std::optional<Quote>& last_accepted() const { return last_; }

  private:
    [[nodiscard]] Result<void> check(const Quote& quote, stipend_unix_ns now) const;

    PriceRules rules_;
    std::optional<Quote> last_;
    bool refused_ = false;  // the newest quote was
};

}  // namespace stipend::engine
