// An orchestrator's response on its token route: its price, its free capacity, the address that it announces.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stipend/host.hpp"
#include "stipend/money.hpp"

namespace byoc {

struct Token {
    enum class Said : std::uint8_t {
        price,    // the response has a price
        nothing,  // the response has no price
        unseen,   // there was no response
    };
    Said said = Said::unseen;
    stipend::Wei price;  // wei per second, rounded up
    std::int64_t capacity = 0;
    bool tells_capacity = false;  // capacity 0 then means that no slot is free
    bool no_reserve = false;      // it refuses a price, since the sender has no reserve: a text, so for messages only
    std::string announced;
    std::string why;              // why there is no price
    std::string certificate;      // hex SHA-256 of the certificate that it presented; empty without TLS
    stipend::Wei balance;         // what it says that the sender has prepaid
    bool own_credential = false;  // asked by the gateway's own credential, so `balance` is the gateway's
    std::int32_t cause = STIPEND_HTTP_CAUSE_NONE;  // of an exchange that failed
    std::int64_t latency_ns = 0;
    bool cancelled = false;  // the host cancelled the exchange

    // No slot is free for the capability: unknown to the orchestrator, fully used, or lost in its count.
    [[nodiscard]] bool none_free() const { return said != Said::unseen && tells_capacity && capacity <= 0; }
    // No process listens, or one went away in the middle of the exchange.
    [[nodiscard]] bool gone() const { return cause == STIPEND_HTTP_CAUSE_REFUSED || cause == STIPEND_HTTP_CAUSE_RESET; }
};

// Reads a response of the token route. Pure. The status is ignored where there is a price, since old orchestrators
// state it in a 503. A missing price is 0. An old orchestrator's 503 with an empty object offers no slot.
Token read_token(const stipend::HttpReply& reply);

// Where a response shows that plain HTTP met a TLS port: the advice. Empty otherwise. Pure.
std::string https_advice(int http_status, std::string_view body);

struct PriceRule {
    std::uint64_t max_price = 0;  // wei per second
    bool allow_unseen = false;
    stipend::Wei max_fee;  // of this job; 0: only max_price applies
    std::uint32_t timeout_s = 0;
};

// Whether a job may be sent to the orchestrator of a token.
struct PriceVerdict {
    enum class Is : std::uint8_t {
        good,
        too_high,     // the orchestrator's fault
        unseen,       // no price was stated
        over_budget,  // the payer's own limit
    };
    Is is = Is::good;
    std::string why;  // empty if good
};

// Pure.
//
// Rationale: the gateway pays any price, so a cap can only be enforced before the job, by the price that the
// orchestrator states to the gateway's own credential. Without a price nothing is capped, so no job is sent unless the
// operator allows that: an orchestrator that this host cannot reach may still be reachable by the gateway.
PriceVerdict judge_price(const Token& token, const PriceRule& rule);

// Why a valid response is rejected because the price was not seen, or nothing. Pure. `credit` is the gateway's balance
// with the orchestrator; empty: none.
//
// Rationale: the credit shows that the orchestrator charges, since a gateway pays in advance. If the price is known,
// credit proves nothing: a balance from before the price fell to 0 is never used up.
std::optional<std::string> credit_refusal(const Token& token, const PriceRule& rule, const std::string& credit);

// What an orchestrator's own balances say that a job cost beyond the cap, or nothing. Pure. `before` was asked by the
// gateway's own credential right before the job; `credit` is Livepeer-Balance of the response, in wei; `elapsed_ns`
// lies between the two.
//
// Rationale: an orchestrator can quote a low price here and a high one to the gateway. A gateway only ever adds to the
// balance before a job, so the fall is at most what was charged; with a price of 0 it adds nothing, so any change of
// the balance shows a price. An orchestrator can lie about its balance: it then keeps a debt to itself off its books,
// and the fee budget still bounds the loss.
std::optional<std::string> overcharge(const Token& before, const stipend::Wei& credit, std::int64_t elapsed_ns,
                                      std::uint64_t max_price);

// What a failed try means by what the orchestrator itself answers here; empty: nothing more. `unlisted`: the gateway
// said that it found no orchestrator. Pure.
std::string explanation(const Token& look, std::string_view capability, bool unlisted);

}  // namespace byoc
