#include "token.hpp"

#include "stipend/json_parse.hpp"
#include "wire.hpp"

namespace byoc {

using stipend::cat;
using stipend::Json;
using stipend::Wei;

namespace {

constexpr std::size_t shown_of_refusal = 80;

// A member that is a non-negative whole number; 0 if it is missing.
std::optional<Wei> amount(const Json& object, std::string_view key) {
    const auto* found = object.find(key);
    if (found == nullptr) return Wei();
    if (!found->is(Json::Kind::number)) return std::nullopt;
    auto value = Wei::parse(found->text());
    if (!value) return std::nullopt;
    return *value;
}

// Wei per second, or nothing if the token has no price.
std::optional<Wei> stated_price(const Json& token) {
    const auto* price = token.find("price");
    if (price == nullptr || !price->is(Json::Kind::object)) return std::nullopt;
    auto per_unit = amount(*price, "pricePerUnit");
    const auto units = amount(*price, "pixelsPerUnit");
    if (!per_unit || !units) return std::nullopt;
    if (per_unit->zero() || units->zero()) return per_unit;  // no unit: one second
    const stipend::CheckedU256 quotient = per_unit->value() / units->value();
    const bool exact = quotient * units->value() == per_unit->value();
    return Wei(stipend::CheckedU256(exact ? quotient : quotient + 1));
}

}  // namespace

Token read_token(const stipend::HttpReply& reply) {
    Token token;
    token.latency_ns = reply.response->total_ns;
    token.cancelled = reply.status == STIPEND_E_CANCELLED;
    if (reply.status != STIPEND_OK) {
        token.said = reply.http_status() == 0 ? Token::Said::unseen : Token::Said::nothing;
        token.why = reply.error;
        return token;
    }
    token.said = Token::Said::nothing;
    token.why = cat("status ", reply.http_status(), ": \"", printable(reply.body(), shown_of_refusal), "\"");
    const auto json = stipend::parse_json(reply.body(), {.bytes = 1 << 16, .depth = 8, .nodes = 1000});
    if (!json || !json->is(Json::Kind::object)) return token;
    const auto price = stated_price(*json);
    if (!price) return token;
    token.said = Token::Said::price;
    token.price = *price;
    token.why.clear();
    // The field was introduced together with LastNonce and is omitted if it is 0.
    token.tells_capacity = json->find("LastNonce") != nullptr || reply.http_status() == 503;
    if (const auto* capacity = json->find("available_capacity"); capacity != nullptr) {
        token.tells_capacity = true;
        const auto number = stipend::Decimal::parse(capacity->text());
        const auto value = number ? number->exact_scaled(0) : stipend::Result<std::int64_t>(0);
        if (value) token.capacity = *value;
    }
    if (const auto* address = json->find("service_addr"); address != nullptr && address->is(Json::Kind::string)) {
        token.announced = printable(address->text(), 2048);
    }
    return token;
}

std::optional<std::string> price_refusal(const Token& token, const PriceRule& rule) {
    if (token.said == Token::Said::unseen) {
        if (!rule.unseen_fails) return std::nullopt;
        return cat("its price cannot be seen (price_unseen: fail): ", token.why);
    }
    if (token.said == Token::Said::nothing) {
        if (rule.max_price != 0 && !rule.unseen_fails) return std::nullopt;
        return cat("it does not state its price, want at most ", rule.max_price,
                   " wei per second (max_price_per_second): ", token.why);
    }
    if (Wei(rule.max_price) < token.price) {
        return cat("it asks ", token.price.text(), " wei per second, want at most ", rule.max_price,
                   " (max_price_per_second)");
    }
    if (rule.max_fee.zero()) return std::nullopt;
    // At most 2^60 per second for an hour: no overflow.
    const stipend::CheckedU256 fee = token.price.value() * rule.timeout_s;
    if (fee <= rule.max_fee.value()) return std::nullopt;
    return cat("its job may cost ", fee.str(), " wei, want at most ", rule.max_fee.text());
}

std::optional<std::string> credit_refusal(const Token& token, const PriceRule& rule, const std::string& credit) {
    if (token.said == Token::Said::price || rule.max_price != 0 || credit.empty()) return std::nullopt;
    return cat("it charges: it holds ", credit,
               " wei of the gateway's credit (Livepeer-Balance), want a price of 0 (max_price_per_second)");
}

}  // namespace byoc
