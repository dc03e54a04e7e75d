#include "livepeer/token.hpp"

#include <optional>

#include "livepeer/wire.hpp"
#include "stipend/json_parse.hpp"

namespace livepeer {

using stipend::cat;
using stipend::Json;
using stipend::Wei;

namespace {

constexpr std::size_t shown_of_refusal = 80;
constexpr std::string_view no_reserve = "insufficient sender reserve";
constexpr std::string_view plain_to_tls = "Client sent an HTTP request to an HTTPS server";

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

}  // namespace livepeer
