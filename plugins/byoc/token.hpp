// An orchestrator's response on its token route: its price, its free capacity, the address that it announces.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

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
    bool tells_capacity = false;  // capacity 0 then means none is free; old orchestrators only send a 503
    std::string announced;
    std::string why;  // why there is no price
    std::int64_t latency_ns = 0;
    bool cancelled = false;  // the host cancelled the exchange
};

// Reads a response of the token route. Pure. The status is ignored, since old orchestrators state their price in a 503.
// A missing price is 0.
Token read_token(const stipend::HttpReply& reply);

struct PriceRule {
    std::uint64_t max_price = 0;  // wei per second
    bool unseen_fails = false;
    stipend::Wei max_fee;  // of this job; 0: only max_price applies
    std::uint32_t timeout_s = 0;
};

// Why no job may be sent to the orchestrator of this token, or nothing. Pure.
//
// Rationale: the gateway pays any price, so a cap can only be enforced before the job. A price above it is the
// orchestrator's fault. A response without a price is ambiguous: to a sender without a deposit, as here, orchestrators
// that charge nothing always state that, and those that charge may not respond with a price. So if the maximum price is
// 0, a missing price is a failed check; otherwise it proves nothing, and the job is sent. An orchestrator that this
// host cannot reach may still be reachable by the gateway: the operator's setting decides.
std::optional<std::string> price_refusal(const Token& token, const PriceRule& rule);

// Why a valid response is rejected because of the price, or nothing. Pure. `credit` is the gateway's balance with the
// orchestrator; empty: none.
//
// Rationale: if the price is unknown, the credit still shows that the orchestrator charges, since a gateway pays in
// advance. If the price is known, credit proves nothing: a balance from before the price fell to 0 is never used up.
std::optional<std::string> credit_refusal(const Token& token, const PriceRule& rule, const std::string& credit);

}  // namespace byoc
