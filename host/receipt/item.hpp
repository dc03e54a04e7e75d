// What a payout pays, item by item, and what they amount to.
#pragma once

#include <string_view>

#include "host/ledger/account.hpp"
#include "stipend/json.hpp"

namespace stipend::receipt {

inline constexpr std::string_view decision_kind = "decision";
inline constexpr std::string_view adjustment_kind = "adjustment";
inline constexpr std::string_view payment_kind = "payment";
inline constexpr std::string_view formula_kind = "formula";
inline constexpr std::string_view elsewhere_kind = "elsewhere";  // decisions between two that other networks owe

// How many of one kind, and their sum.
struct Part {
    std::uint64_t count = 0;
    SignedWei wei = {};

    // LIMIT where the sum leaves the range.
    [[nodiscard]] Result<void> add(const SignedWei& more) {
        ++count;
        STIPEND_SET(wei, wei.plus(more));
        return {};
    }
};

struct Totals {
    Part decisions = {}, adjustments = {}, payments = {};

    [[nodiscard]] Result<SignedWei> sum() const {
        STIPEND_LET(both, decisions.wei.plus(adjustments.wei));
        return both.plus(payments.wei);
    }
};

// What one row of an account earned: nothing for a generation.
[[nodiscard]] Result<void> add_to(Totals& totals, const ledger::AccountLine& line);

// As it is listed; its text is what is signed for.
[[nodiscard]] Json item_of(const ledger::AccountLine& line);

}  // namespace stipend::receipt
