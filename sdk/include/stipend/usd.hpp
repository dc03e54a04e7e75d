// US dollars as a type, apart from money.hpp: headers that need no wei are spared its wide integers.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "stipend/decimal.hpp"
#include "stipend/result.hpp"

namespace stipend {

inline constexpr std::int64_t e8 = 100'000'000;  // USD and rates count in 1e-8

// An amount of US dollars in 1e-8 USD, either sign. Sums and products are checked: LIMIT where they leave int64.
class Usd {
  public:
    constexpr Usd() = default;
    [[nodiscard]] static constexpr Usd of_e8(std::int64_t count) { return Usd(count); }
    [[nodiscard]] static constexpr Usd highest() { return Usd(std::numeric_limits<std::int64_t>::max()); }
    // A decimal number of dollars, exact to eight places. INVALID for any other text.
    [[nodiscard]] static Result<Usd> parse(std::string_view text) {
        STIPEND_LET(number, Decimal::parse(text));
        STIPEND_LET(count, number.exact_scaled(8));
        return Usd(count);
    }

    // For records that hold the bare count: the ABI's, and rows of the ledger.
    [[nodiscard]] constexpr std::int64_t count_e8() const { return count_; }
    // The shortest exact decimal number of dollars.
    [[nodiscard]] std::string text() const { return scaled_text(count_, 8); }
    [[nodiscard]] constexpr bool zero() const { return count_ == 0; }
    [[nodiscard]] constexpr bool negative() const { return count_ < 0; }

    [[nodiscard]] Result<Usd> plus(Usd other) const {
        Usd sum;
        if (__builtin_add_overflow(count_, other.count_, &sum.count_)) {
            return fail(STIPEND_E_LIMIT, "sum of USD too large: ", text(), " + ", other.text());
        }
        return sum;
    }
    [[nodiscard]] Result<Usd> minus(Usd other) const {
        Usd difference;
        if (__builtin_sub_overflow(count_, other.count_, &difference.count_)) {
            return fail(STIPEND_E_LIMIT, "difference of USD too large: ", text(), " - ", other.text());
        }
        return difference;
    }
    [[nodiscard]] Result<Usd> times(std::int64_t factor) const {
        Usd product;
        if (__builtin_mul_overflow(count_, factor, &product.count_)) {
            return fail(STIPEND_E_LIMIT, "product of USD too large: ", text(), " x ", factor);
        }
        return product;
    }
    // Bounds and forecasts only, never an amount that is owed: the highest value where the exact one is above it. No
    // operand is negative.
    [[nodiscard]] constexpr Usd plus_saturating(Usd other) const {
        STIPEND_ASSERT(!negative() && !other.negative());
        std::int64_t sum = 0;
        return __builtin_add_overflow(count_, other.count_, &sum) ? highest() : Usd(sum);
    }
    [[nodiscard]] constexpr Usd times_saturating(std::int64_t factor) const {
        STIPEND_ASSERT(!negative() && factor >= 0);
        std::int64_t product = 0;
        return __builtin_mul_overflow(count_, factor, &product) ? highest() : Usd(product);
    }

    friend constexpr auto operator<=>(Usd, Usd) = default;

  private:
    explicit constexpr Usd(std::int64_t count) : count_(count) {}
    std::int64_t count_ = 0;
};

}  // namespace stipend
