// What an orchestrator says of itself on its token route: its price, its free capacity, the address it announces.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "stipend/host.hpp"
#include "stipend/money.hpp"

namespace byoc {

struct Token {
    enum class Said : std::uint8_t {
        price,    // it stated its price
        nothing,  // it answered, but no price
        unseen,   // no answer reached us
    };
    Said said = Said::unseen;
    stipend::Wei price;  // wei per second, rounded up
    std::int64_t capacity = 0;
    bool tells_capacity = false;  // capacity 0 then means that it has none; old orchestrators tell it by a 503 alone
    std::string announced;
    std::string why;  // where no price is there
    std::int64_t latency_ns = 0;
    bool cancelled = false;  // our own side ended the exchange
};

// Reads an answer of the token route. Pure. The status does not count, since old orchestrators state their price in a
// 503; a price that is left out is 0.
Token read_token(const stipend::HttpReply& reply);

struct PriceRule {
    std::uint64_t max_price = 0;  // wei per second
    bool unseen_fails = false;
    stipend::Wei max_fee;  // of this job; 0: none beside max_price
    std::uint32_t timeout_s = 0;
};

// Why a job must not be sent to who said that, or nothing. Pure.
//
// Rationale: the gateway pays whatever is asked, so a cap holds only before the job. A stated price above it is the
// orchestrator's own doing. One that answers without a price does the same by silence: to a sender without a deposit,
// as ours is, orchestrators that charge nothing always state that, and those that charge may refuse to. So where
// nothing is to be paid, silence is a failed check; where something may be, it proves nothing, and the job goes out.
// One that this host cannot reach may well be reached by the gateway: it goes by the operator's choice.
std::optional<std::string> price_refusal(const Token& token, const PriceRule& rule);

// Why an answer must not count although it is good, or nothing. Pure. `credit` is what the gateway then has with the
// orchestrator, empty for none.
//
// Rationale: one whose price this host could not see still shows whether it charges, since a gateway pays ahead. Where
// the price was seen, credit proves nothing: what was paid before a price fell to 0 is never used up.
std::optional<std::string> credit_refusal(const Token& token, const PriceRule& rule, const std::string& credit);

}  // namespace byoc
