// Exact decimal numbers as written by people and in JSON, without binary floating point: "94.999" stays 94.999.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "stipend/result.hpp"

namespace stipend {

__extension__ typedef unsigned __int128 uint128;  // for products of 64-bit factors

// A number -?digits x 10^exponent. Zero has no digits and is never negative.
class Decimal {
  public:
    static constexpr std::size_t max_text = 400;  // longer texts are rejected
    static constexpr int max_exponent = 10'000;

    // Reads JSON's number grammar: a leading '+' or '.', hex, "inf" and "nan" are errors.
    static Result<Decimal> parse(std::string_view text) {
        const auto bad = [&](std::string_view why) {
            return fail(STIPEND_E_INVALID, "not a decimal number: \"", clip(text, 40), "\": ", why);
        };
        if (text.size() > max_text) return bad("too long");
        Decimal out;
        std::size_t at = 0;
        const auto digit = [&] { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
        if (at < text.size() && text[at] == '-') {
            out.negative_ = true;
            ++at;
        }
        if (!digit()) return bad("want digits");
        if (text[at] == '0' && at + 1 < text.size() && text[at + 1] >= '0' && text[at + 1] <= '9') {
            return bad("leading zero");
        }
        while (digit()) out.digits_.push_back(text[at++]);
        if (at < text.size() && text[at] == '.') {
            ++at;
            if (!digit()) return bad("want digits after the point");
            for (; digit(); --out.exponent_) out.digits_.push_back(text[at++]);
        }
        if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
            ++at;
            const bool minus = at < text.size() && text[at] == '-';
            if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
            if (!digit()) return bad("want digits in the exponent");
            int power = 0;
            while (digit()) {
                power = power * 10 + (text[at++] - '0');
                if (power > max_exponent) return bad("exponent out of range");
            }
            out.exponent_ += minus ? -power : power;
        }
        if (at != text.size()) return bad("unexpected character");
        out.normalise();
        return out;
    }

    [[nodiscard]] bool negative() const { return negative_; }
    [[nodiscard]] bool zero() const { return digits_.empty(); }

    // True where the number has no more than `places` decimals.
    [[nodiscard]] bool has_at_most(int places) const { return exponent_ >= -places; }

    // |number| x 10^places, rounded down. LIMIT where that exceeds int64.
    [[nodiscard]] Result<std::int64_t> magnitude_scaled(int places) const {
        const auto value = floor_scaled(places);
        if (!value || *value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
            return fail(STIPEND_E_LIMIT, "number too large: ", text());
        }
        return static_cast<std::int64_t>(*value);
    }

    // The number x 10^places where that is a whole int64; INVALID or LIMIT otherwise.
    [[nodiscard]] Result<std::int64_t> exact_scaled(int places) const {
        if (!has_at_most(places)) {
            return fail(STIPEND_E_INVALID, "too precise: ", text(), " has more than ", places, " decimals");
        }
        auto magnitude = magnitude_scaled(places);
        if (magnitude && negative_) return -*magnitude;
        return magnitude;
    }

    // -1, 0 or 1: the number against `whole`.
    [[nodiscard]] int compare(std::int64_t whole) const {
        if (digits_.empty()) return whole > 0 ? -1 : (whole < 0 ? 1 : 0);
        if (negative_ != (whole < 0)) return negative_ ? -1 : 1;
        const std::uint64_t other =
            whole < 0 ? ~static_cast<std::uint64_t>(whole) + 1 : static_cast<std::uint64_t>(whole);
        int order = 1;
        // As many digits as no int64 has: above any.
        if (const auto own = floor_scaled(0)) order = *own < other ? -1 : (*own > other || exponent_ < 0 ? 1 : 0);
        return negative_ ? -order : order;
    }

    // -1, 0 or 1: this number against another.
    [[nodiscard]] int compare(const Decimal& other) const {
        if (zero() || other.zero() || negative_ != other.negative_) {
            return sign() < other.sign() ? -1 : (sign() > other.sign() ? 1 : 0);
        }
        // The digits neither begin nor end with a zero: the place of the first one decides, then their text.
        const auto place = [](const Decimal& number) {
            return static_cast<std::int64_t>(number.digits_.size()) + number.exponent_;
        };
        int order =
            place(*this) < place(other) ? -1 : (place(*this) > place(other) ? 1 : digits_.compare(other.digits_));
        order = order < 0 ? -1 : (order > 0 ? 1 : 0);
        return negative_ ? -order : order;
    }

    // A short canonical spelling, for messages.
    [[nodiscard]] std::string text() const {
        if (digits_.empty()) return "0";
        std::string out = digits_;
        if (exponent_ > 20 || exponent_ < -40) {
            out += cat("e", exponent_);
        } else if (exponent_ >= 0) {
            out.append(static_cast<std::size_t>(exponent_), '0');
        } else {
            const auto places = static_cast<std::size_t>(-exponent_);
            if (out.size() <= places) out.insert(0, places + 1 - out.size(), '0');
            out.insert(out.size() - places, 1, '.');
        }
        return negative_ ? "-" + out : out;
    }

  private:
    // |number| x 10^places, rounded down; nothing where that has more than 19 digits.
    [[nodiscard]] std::optional<std::uint64_t> floor_scaled(int places) const {
        if (digits_.empty()) return std::uint64_t{0};
        const std::int64_t shift = std::int64_t{exponent_} + places;
        const auto size = static_cast<std::int64_t>(digits_.size());
        if (size + shift > 19) return std::nullopt;
        std::uint64_t value = 0;
        for (std::int64_t i = 0; i < size + shift; ++i) {
            value =
                value * 10 + (i < size ? static_cast<std::uint64_t>(digits_[static_cast<std::size_t>(i)] - '0') : 0);
        }
        return value;
    }

    [[nodiscard]] int sign() const { return zero() ? 0 : (negative_ ? -1 : 1); }

    void normalise() {
        const auto first = digits_.find_first_not_of('0');
        digits_.erase(0, std::min(first, digits_.size()));
        while (!digits_.empty() && digits_.back() == '0') {
            digits_.pop_back();
            ++exponent_;
        }
        if (digits_.empty()) {
            negative_ = false;
            exponent_ = 0;
        }
    }

    bool negative_ = false;
    std::string digits_;
    int exponent_ = 0;
};

// value / 10^places in its shortest exact spelling: (120000000, 8) is "1.2".
[[nodiscard]] inline std::string scaled_text(std::int64_t value, int places) {
    const bool negative = value < 0;
    std::string out =
        std::to_string(negative ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value));
    const auto width = static_cast<std::size_t>(places);
    if (out.size() <= width) out.insert(0, width + 1 - out.size(), '0');
    if (width > 0) {
        out.insert(out.size() - width, 1, '.');
        out.erase(out.find_last_not_of('0') + 1);
        if (out.back() == '.') out.pop_back();
    }
    return negative ? "-" + out : out;
}

}  // namespace stipend
