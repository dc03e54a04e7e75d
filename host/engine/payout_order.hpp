// What a person orders for a payout: hold it, release it, or return it to what is owed.
#pragma once

#include <optional>
#include <string>

#include "host/ledger/ledger.hpp"
#include "host/settlement/settler.hpp"
#include "stipend/json.hpp"

namespace stipend::engine {

struct PayoutOrder {
    ledger::PayoutId payout = 0;
    enum class Action : std::uint8_t { hold, release, give_back, unfreeze } action = Action::hold;
    std::string reason = {};                              // of `hold` and `give_back`
    std::optional<settlement::Settler::Settled> as = {};  // of `unfreeze`: what did something else counts as that
    std::string by = {};
};
// The member "payout" of an order or a question. INVALID: it is missing, or no number of a payout.
[[nodiscard]] Result<ledger::PayoutId> payout_member(const Json& json);

// {"payout","action","reason","by","as"}; an action is "hold", "release", "return" or "unfreeze", and `as` of the last
// one "paid", "owed" or left out. INVALID: a member is missing, or is none of its kind.
[[nodiscard]] Result<PayoutOrder> parse_payout_order(const Json& json);

// Carries it out where no host runs; the payout as it is then. INVALID: there is no such payout; CONFLICT: it cannot
// be moved by hand from the state that it is in; UNAVAILABLE: it wants a host that asks the chain.
[[nodiscard]] Result<Json> order_without_host(ledger::Ledger& ledger, const PayoutOrder& order, stipend_unix_ns now);

}  // namespace stipend::engine
