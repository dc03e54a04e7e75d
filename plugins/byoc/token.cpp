#include "token.hpp"

#include "stipend/duration.hpp"
#include "stipend/json_parse.hpp"
#include "wire.hpp"

namespace byoc {

using stipend::cat;
using stipend::Json;
using stipend::Wei;

namespace {

constexpr std::size_t shown_of_refusal = 80;
constexpr std::string_view no_reserve = "insufficient sender reserve";
constexpr std::string_view plain_to_tls = "Client sent an HTTP request to an HTTPS server";

std::string seconds_of(std::int64_t ns) {
    return std::to_string((ns + stipend::ns_per_s - 1) / stipend::ns_per_s);
}

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
    token.cause = reply.cause();
    token.certificate = stipend::view(reply.response->tls_sha256);
    if (reply.status != STIPEND_OK) {
        token.said = reply.http_status() == 0 ? Token::Said::unseen : Token::Said::nothing;
        token.why = reply.error;
        return token;
    }
    token.said = Token::Said::nothing;
    token.why = cat("status ", reply.http_status(), ": \"", printable(reply.body(), shown_of_refusal), "\"");
    if (const auto advice = https_advice(reply.http_status(), reply.body()); !advice.empty()) token.why = advice;
    token.no_reserve = reply.http_status() >= 400 && reply.body().find(no_reserve) != std::string_view::npos;
    const auto text = json_text(reply.body());
    const auto json = stipend::parse_json(text ? *text : reply.body(), {.bytes = 1 << 16, .depth = 8, .nodes = 1000});
    if (!json || !json->is(Json::Kind::object)) return token;
    const auto price = stated_price(*json);
    // Before 0.8.10 a capability without a free slot is a 503 with an empty object.
    if (!price && reply.http_status() == 503) token.tells_capacity = true;
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
    if (const auto balance = amount(*json, "balance")) token.balance = *balance;
    if (const auto* address = json->find("service_addr"); address != nullptr && address->is(Json::Kind::string)) {
        token.announced = printable(address->text(), 2048);
    }
    return token;
}

std::string https_advice(int http_status, std::string_view body) {
    if (http_status != 400 || !body.starts_with(plain_to_tls)) return {};
    return "it serves TLS at this port: use https:// in its address";
}

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
