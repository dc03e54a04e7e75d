// Money, rates and uptime as types. Every operation is exact or fails; a division happens once, last, and rounds down.
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "stipend/decimal.hpp"
#include "stipend/result.hpp"
#include "stipend/usd.hpp"

namespace stipend {

using CheckedU256 = boost::multiprecision::checked_uint256_t;

inline constexpr std::int64_t ppm_one = 1'000'000;  // multipliers and uptimes count in parts per million
inline constexpr std::int64_t wei_per_eth = 1'000'000'000'000'000'000;

// An amount of wei, 0 .. 2^256-1.
class Wei {
  public:
    Wei() = default;
    explicit Wei(CheckedU256 value) : value_(std::move(value)) {}
    explicit Wei(std::uint64_t value) : value_(value) {}

    static Wei from_abi(const stipend_u256& raw) {
        CheckedU256 value;
        boost::multiprecision::import_bits(value, raw.be, raw.be + sizeof raw.be, 8, true);
        return Wei(std::move(value));
    }
    [[nodiscard]] stipend_u256 to_abi() const {
        stipend_u256 out{};
        const auto& limbs = value_.backend();  // of 64 bits, the least significant first; as many as are needed
        for (std::size_t at = 0; at < limbs.size(); ++at) {
            const std::uint64_t limb = limbs.limbs()[at];
            for (std::size_t byte = 0; byte < 8; ++byte) {
                out.be[sizeof out.be - 1 - 8 * at - byte] = static_cast<std::uint8_t>(limb >> (8 * byte));
            }
        }
        return out;
    }
    // A decimal string of digits only.
    static Result<Wei> parse(std::string_view text) {
        if (text.empty() || text.size() > 78 || text.find_first_not_of("0123456789") != std::string_view::npos) {
            return fail(STIPEND_E_INVALID, "not an amount of wei: \"", clip(text, 90), "\": want decimal digits");
        }
        CheckedU256 value;
        try {
            for (const char c : text) value = value * 10 + (c - '0');
        } catch (const std::exception&) {
            return fail(STIPEND_E_LIMIT, "amount of wei too large: ", text);
        }
        return Wei(std::move(value));
    }
    [[nodiscard]] std::string text() const { return value_.str(); }
    [[nodiscard]] const CheckedU256& value() const { return value_; }
    [[nodiscard]] bool zero() const { return value_.is_zero(); }

    // LIMIT beyond 2^256-1.
    [[nodiscard]] Result<Wei> plus(const Wei& other) const {
        try {
            return Wei(CheckedU256(value_ + other.value_));
        } catch (const std::exception&) {
            return fail(STIPEND_E_LIMIT, "sum of wei too large: ", text(), " + ", other.text());
        }
    }
    // LIMIT below zero.
    [[nodiscard]] Result<Wei> minus(const Wei& other) const {
        if (other.value_ > value_) {
            return fail(STIPEND_E_LIMIT, "difference of wei below zero: ", text(), " - ", other.text());
        }
        return Wei(CheckedU256(value_ - other.value_));
    }
    friend bool operator==(const Wei& a, const Wei& b) { return a.value_ == b.value_; }
    friend bool operator<(const Wei& a, const Wei& b) { return a.value_ < b.value_; }

  private:
    CheckedU256 value_ = 0;
};

// A factor of pay as an exact fraction; the default is 1.
struct Fraction {
    std::uint64_t numerator = 1;
    std::uint64_t denominator = 1;  // never 0
};

// 10^exponent; at most 38, which is the largest that fits.
[[nodiscard]] constexpr uint128 power_of_ten(std::uint32_t exponent) {
    uint128 out = 1;
    for (; exponent > 0; --exponent) out *= 10;
    return out;
}

// floor(usd x factor x 10^decimals / rate): a dollar amount in the smallest units of an asset, at its rate for one
// whole unit; `decimals` is at most 36. Source of the rule: everything is multiplied out and divided once, so less than
// one unit is lost for each payment. INVALID for a negative amount or a rate that is not positive; LIMIT beyond 256
// bits.
[[nodiscard]] inline Result<Wei> usd_to_units(std::int64_t usd_e8, Fraction factor, std::int64_t usd_per_unit_e8,
                                              std::uint32_t decimals) {
    if (usd_e8 < 0) return fail(STIPEND_E_INVALID, "negative pay: ", scaled_text(usd_e8, 8), " USD");
    if (usd_per_unit_e8 <= 0) return fail(STIPEND_E_INVALID, "rate not positive: ", scaled_text(usd_per_unit_e8, 8));
    STIPEND_ASSERT(factor.denominator != 0 && decimals <= 36);
    const uint128 whole = decimals == 18 ? uint128{wei_per_eth} : power_of_ten(decimals);
    // Everyday amounts fit in 128 bits, where the division takes a tenth of the time.
    const auto usd = static_cast<uint128>(usd_e8) * factor.numerator;
    const auto rate = static_cast<uint128>(usd_per_unit_e8) * factor.denominator;
    if (usd <= ~static_cast<uint128>(0) / whole) return Wei(CheckedU256(usd * whole / rate));
    try {
        CheckedU256 top = usd;
        top *= whole;
        return Wei(CheckedU256(top / rate));
    } catch (const std::exception&) {
        return fail(STIPEND_E_LIMIT, "pay too large: ", scaled_text(usd_e8, 8), " USD");
    }
}

// The same in wei of the coin, which has 18 decimals.
[[nodiscard]] inline Result<Wei> usd_to_wei(std::int64_t usd_e8, Fraction factor, std::int64_t usd_per_eth_e8) {
    return usd_to_units(usd_e8, factor, usd_per_eth_e8, 18);
}

// floor(usd x factor), in 1e-8 USD. LIMIT beyond int64.
[[nodiscard]] inline Result<std::int64_t> scale_usd(std::int64_t usd_e8, Fraction factor) {
    if (usd_e8 < 0) return fail(STIPEND_E_INVALID, "negative pay: ", scaled_text(usd_e8, 8), " USD");
    STIPEND_ASSERT(factor.denominator != 0);
    const auto value = static_cast<uint128>(usd_e8) * factor.numerator / factor.denominator;
    if (value > std::numeric_limits<std::int64_t>::max()) {
        return fail(STIPEND_E_LIMIT, "pay too large: ", scaled_text(usd_e8, 8), " USD");
    }
    return static_cast<std::int64_t>(value);
}

// A percentage in 0..100 as parts per million, rounded down after the range check: 94.9999999 is 949999.
[[nodiscard]] inline Result<std::uint32_t> percent_to_ppm(std::string_view text) {
    STIPEND_LET(percent, Decimal::parse(text));
    if (percent.negative() || percent.compare(100) > 0) {
        return fail(STIPEND_E_INVALID, "percentage out of range: got ", percent.text(), ", want 0..100");
    }
    STIPEND_LET(ppm, percent.magnitude_scaled(4));
    return static_cast<std::uint32_t>(ppm);
}

[[nodiscard]] inline std::string ppm_to_percent(std::uint32_t ppm) {
    return scaled_text(ppm, 4);
}

}  // namespace stipend
