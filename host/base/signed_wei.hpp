// An amount of wei that may be owed either way: what ledger entries and balances are counted in.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "host/base/eth.hpp"
#include "stipend/money.hpp"

namespace stipend {

// -2^255 .. 2^255-1 in two's complement. Every operation is exact or fails with LIMIT; a failed one changes nothing.
class SignedWei {
  public:
    using Bytes = std::array<std::uint8_t, 32>;

    SignedWei() = default;

    // LIMIT at 2^255 and above, which no signed amount can hold.
    [[nodiscard]] static Result<SignedWei> of(const Wei& amount) {
        const stipend_u256 raw = amount.to_abi();
        SignedWei out = from_bytes(raw.be);
        if (out.negative()) return fail(STIPEND_E_LIMIT, "amount of wei too large for an entry: ", amount.text());
        return out;
    }
    // Big-endian two's complement; any 32 bytes are an amount.
    [[nodiscard]] static SignedWei from_bytes(std::span<const std::uint8_t, 32> bytes) {
        SignedWei out;
        for (std::size_t limb = 0; limb < 4; ++limb) {
            std::uint64_t value = 0;
            for (std::size_t i = 0; i < 8; ++i) value = value << 8 | bytes[limb * 8 + i];
            out.limbs_[3 - limb] = value;
        }
        return out;
    }
    [[nodiscard]] Bytes to_bytes() const {
        Bytes out{};
        for (std::size_t i = 0; i < out.size(); ++i) {
            out[i] = static_cast<std::uint8_t>(limbs_[3 - i / 8] >> (56 - 8 * (i % 8)));
        }
        return out;
    }
    // Decimal digits, a '-' before them for a negative amount.
    [[nodiscard]] static Result<SignedWei> parse(std::string_view text) {
        const bool minus = text.starts_with('-');
        STIPEND_LET(magnitude, Wei::parse(text.substr(minus ? 1 : 0)));
        SignedWei out = from_bytes(magnitude.to_abi().be);
        if (!minus) return of(magnitude);
        // The most negative amount is its own negation, and the only one with the sign bit set that may be negated.
        if (out.negative() && out != lowest()) return fail(STIPEND_E_LIMIT, "amount of wei too low: ", text);
        return out.wrapped_negation();
    }
    [[nodiscard]] std::string text() const { return negative() ? cat("-", magnitude().text()) : magnitude().text(); }

    [[nodiscard]] static SignedWei lowest() {
        SignedWei out;
        out.limbs_[3] = sign_bit;
        return out;
    }
    [[nodiscard]] static SignedWei highest() {
        SignedWei out;
        out.limbs_ = {~std::uint64_t{0}, ~std::uint64_t{0}, ~std::uint64_t{0}, ~sign_bit};
        return out;
    }

    [[nodiscard]] bool negative() const { return (limbs_[3] & sign_bit) != 0; }
    [[nodiscard]] bool zero() const { return *this == SignedWei(); }
    [[nodiscard]] Wei magnitude() const {
        stipend_u256 raw{};
        const Bytes bytes = (negative() ? wrapped_negation() : *this).to_bytes();
        std::copy(bytes.begin(), bytes.end(), raw.be);
        return Wei::from_abi(raw);
    }

    // LIMIT where the sum leaves the range.
    [[nodiscard]] Result<SignedWei> plus(const SignedWei& other) const {
        SignedWei sum;
        if (!add(*this, other, sum))
            return fail(STIPEND_E_LIMIT, "sum of wei too large: ", text(), " + ", other.text());
        return sum;
    }
    // LIMIT where the difference leaves the range.
    [[nodiscard]] Result<SignedWei> minus(const SignedWei& other) const {
        // -other may not exist while the difference does: a - b is -1 - (b + (-1 - a)) in two's complement.
        SignedWei sum;
        if (!add(wrapped_inversion(), other, sum)) {
            return fail(STIPEND_E_LIMIT, "difference of wei too large: ", text(), " - ", other.text());
        }
        return sum.wrapped_inversion();
    }
    // LIMIT for the most negative amount.
    [[nodiscard]] Result<SignedWei> negated() const { return SignedWei().minus(*this); }

    // sum = a + b; false, with `sum` void, where that leaves the range. `sum` may be one of the terms.
    [[nodiscard]] static bool add(const SignedWei& a, const SignedWei& b, SignedWei& sum) {
        const bool a_negative = a.negative();
        const bool b_negative = b.negative();
        unsigned __int128 carry = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            carry += static_cast<unsigned __int128>(a.limbs_[i]) + b.limbs_[i];
            sum.limbs_[i] = static_cast<std::uint64_t>(carry);
            carry >>= 64;
        }
        return a_negative != b_negative || sum.negative() == a_negative;
    }

    friend bool operator==(const SignedWei&, const SignedWei&) = default;
    friend std::strong_ordering operator<=>(const SignedWei& a, const SignedWei& b) {
        if (a.negative() != b.negative())
            return b.negative() ? std::strong_ordering::greater : std::strong_ordering::less;
        for (std::size_t i = 4; i-- > 0;) {
            if (a.limbs_[i] != b.limbs_[i]) return a.limbs_[i] <=> b.limbs_[i];
        }
        return std::strong_ordering::equal;
    }

  private:
    static constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;

    [[nodiscard]] SignedWei wrapped_inversion() const {
        SignedWei out;
        for (std::size_t i = 0; i < 4; ++i) out.limbs_[i] = ~limbs_[i];
        return out;
    }
    [[nodiscard]] SignedWei wrapped_negation() const {
        SignedWei out = wrapped_inversion();
        for (auto& limb : out.limbs_) {
            if (++limb != 0) break;
        }
        return out;
    }

    std::array<std::uint64_t, 4> limbs_{};  // least significant first
};

// `amount` is 0 or more.
[[nodiscard]] inline SignedWei wei_of(Eth amount) {
    STIPEND_ASSERT(amount.count_gwei() >= 0);
    return *SignedWei::parse(std::to_string(amount.count_gwei()) + "000000000");
}

// The shortest exact decimal number of whole units of an asset, with its symbol: 10000 with 6 decimals is "0.01 USDC".
[[nodiscard]] inline std::string units_text(const SignedWei& units, std::size_t decimals, std::string_view symbol) {
    std::string digits = units.magnitude().text();
    if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
    digits.insert(digits.size() - decimals, 1, '.');
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
    return cat(units.negative() ? "-" : "", digits, " ", symbol);
}

// The same for ether: "0.01 ETH".
[[nodiscard]] inline std::string eth_text(const SignedWei& wei) {
    return units_text(wei, 18, "ETH");
}

}  // namespace stipend
