// What the price that an orchestrator states, and its balances, mean for a job.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "livepeer/token.hpp"
#include "stipend/money.hpp"

namespace byoc {

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
PriceVerdict judge_price(const livepeer::Token& token, const PriceRule& rule);

// Why a valid response is rejected because the price was not seen, or nothing. Pure. `credit` is the gateway's balance
// with the orchestrator; empty: none.
//
// Rationale: the credit shows that the orchestrator charges, since a gateway pays in advance. If the price is known,
// credit proves nothing: a balance from before the price fell to 0 is never used up.
std::optional<std::string> credit_refusal(const livepeer::Token& token, const PriceRule& rule,
                                          const std::string& credit);

// What an orchestrator's own balances say that a job cost beyond the cap, or nothing. Pure. `before` was asked by the
// gateway's own credential right before the job; `credit` is Livepeer-Balance of the response, in wei; `elapsed_ns`
// lies between the two.
//
// Rationale: an orchestrator can quote a low price here and a high one to the gateway. A gateway only ever adds to the
// balance before a job, so the fall is at most what was charged; with a price of 0 it adds nothing, so any change of
// the balance shows a price. An orchestrator can lie about its balance: it then keeps a debt to itself off its books,
// and the fee budget still bounds the loss.
std::optional<std::string> overcharge(const livepeer::Token& before, const stipend::Wei& credit,
                                      std::int64_t elapsed_ns, std::uint64_t max_price);

// What a failed try means by what the orchestrator itself answers here; empty: nothing more. `unlisted`: the gateway
// said that it found no orchestrator. Pure.
std::string explanation(const livepeer::Token& look, std::string_view capability, bool unlisted);

}  // namespace byoc
