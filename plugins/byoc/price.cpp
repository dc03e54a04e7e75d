#include "price.hpp"

#include "stipend/duration.hpp"

namespace byoc {

using livepeer::Token;
using stipend::cat;
using stipend::Wei;

namespace {

std::string seconds_of(std::int64_t ns) {
    return std::to_string((ns + stipend::ns_per_s - 1) / stipend::ns_per_s);
}

}  // namespace

PriceVerdict judge_price(const Token& token, const PriceRule& rule) {
    using Is = PriceVerdict::Is;
    if (token.said != Token::Said::price) {
        if (rule.allow_unseen) return {};
        const auto silent =
            token.said == Token::Said::unseen ? "its price cannot be seen" : "it does not state its price";
        return {Is::unseen, cat(silent, " (price_unseen: refuse): ", token.why)};
    }
    if (Wei(rule.max_price) < token.price) {
        return {Is::too_high, cat("it asks ", token.price.text(), " wei per second, want at most ", rule.max_price,
                                  " (max_price_per_second)")};
    }
    if (rule.max_fee.zero()) return {};
    // At most 2^60 per second for an hour: no overflow.
    const stipend::CheckedU256 fee = token.price.value() * rule.timeout_s;
    if (fee <= rule.max_fee.value()) return {};
    return {Is::over_budget, cat("its job may cost ", fee.str(), " wei, want at most ", rule.max_fee.text(),
                                 ", which is what remains of the budget for fees")};
}

std::optional<std::string> credit_refusal(const Token& token, const PriceRule& rule, const std::string& credit) {
    if (token.said == Token::Said::price || rule.max_price != 0 || credit.empty()) return std::nullopt;
    return cat("it charges: it holds ", credit,
               " wei of the gateway's credit (Livepeer-Balance), want a price of 0 (max_price_per_second)");
}

std::optional<std::string> overcharge(const Token& before, const Wei& credit, std::int64_t elapsed_ns,
                                      std::uint64_t max_price) {
    if (!before.own_credential || before.said != Token::Said::price) return std::nullopt;
    // A token's balance is rounded down, and that of a response to the nearest wei.
    const bool rose = before.balance < credit && credit.value() - before.balance.value() > 1;
    if (before.price.zero() && rose) {
        return cat("it states a price of 0 and took the gateway's tickets: its balance rose from ",
                   before.balance.text(), " to ", credit.text(), " wei in one job");
    }
    if (!(credit < before.balance)) return std::nullopt;
    const stipend::CheckedU256 fall = before.balance.value() - credit.value();
    // Each second that was begun is charged, at least one.
    const stipend::CheckedU256 most = stipend::CheckedU256(max_price) * (elapsed_ns / stipend::ns_per_s + 2);
    if (fall <= most) return std::nullopt;
    return cat("its balance of the gateway's credit fell by ", fall.str(), " wei in ", seconds_of(elapsed_ns),
               " s, want at most ", most.str(), " (max_price_per_second)");
}

std::string explanation(const Token& look, std::string_view capability, bool unlisted) {
    if (look.said == Token::Said::unseen) return cat("it does not answer me either: ", look.why);
    if (look.no_reserve) return "it asks a price and your gateway has no reserve there";
    if (look.none_free()) {
        return cat("it answers me but has no free slot for ", capability, ": is its worker registered?");
    }
    if (look.said == Token::Said::nothing) return cat("it answers me without a price: ", look.why);
    if (!unlisted) return {};
    return "it answers me with free slots: the try met a cold connection, since a gateway waits 500 ms for a token";
}

}  // namespace byoc
