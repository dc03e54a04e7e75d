#include "host/engine/payout_order.hpp"

#include <algorithm>
#include <array>

#include "host/engine/order_members.hpp"
#include "host/ledger/payout_json.hpp"

namespace stipend::engine {
namespace {

using ledger::PayoutState;

constexpr std::array<std::pair<std::string_view, PayoutOrder::Action>, 4> actions{{
    {"hold", PayoutOrder::Action::hold},
    {"release", PayoutOrder::Action::release},
    {"return", PayoutOrder::Action::give_back},
    {"unfreeze", PayoutOrder::Action::unfreeze},
}};

PayoutState state_after(PayoutOrder::Action action) {
    if (action == PayoutOrder::Action::hold) return PayoutState::held;
    return action == PayoutOrder::Action::release ? PayoutState::reserved : PayoutState::returned;
}

}  // namespace

Result<ledger::PayoutId> payout_member(const Json& json) {
    return number_member(json, "payout", "payout");
}

Result<PayoutOrder> parse_payout_order(const Json& json) {
    PayoutOrder out;
    STIPEND_SET(out.payout, payout_member(json));
    STIPEND_LET(action, text_member(json, "action", 16));
    STIPEND_SET(out.by, text_member(json, "by", ledger::max_key_bytes));
    using Action = PayoutOrder::Action;
    const auto known = std::ranges::find(actions, action, &std::pair<std::string_view, Action>::first);
    if (known == actions.end()) {
        return fail(STIPEND_E_INVALID, "\"action\": got \"", clip(action, 16),
                    "\", want hold, release, return or unfreeze");
    }
    out.action = known->second;
    if (out.action == Action::unfreeze && json.find("as") != nullptr) {
        STIPEND_LET(as, text_member(json, "as", 16));
        if (as != "paid" && as != "owed") {
            return fail(STIPEND_E_INVALID, "\"as\": got \"", clip(as, 16), "\", want paid or owed");
        }
        using Settled = settlement::Settler::Settled;
        out.as = as == "paid" ? Settled::paid : Settled::owed;
    }
    if (out.action == Action::release || out.action == Action::unfreeze) return out;
    STIPEND_SET(out.reason, text_member(json, "reason", ledger::max_reason_bytes));
    return out;
}

Result<Json> order_without_host(ledger::Ledger& ledger, const PayoutOrder& order, stipend_unix_ns now) {
    if (order.action == PayoutOrder::Action::unfreeze) {
        return fail(STIPEND_E_UNAVAILABLE, "payout ", order.payout,
                    ": no host runs, and only one that asks the chain can ", "end what froze it");
    }
    const auto next = state_after(order.action);
    STIPEND_LET(before, ledger.payout(order.payout));
    if (!before) return fail(STIPEND_E_INVALID, "payout ", order.payout, ": there is none");
    const auto state = before->line.state;
    if (before->line.slot != 0 || !ledger::can_follow(state, next)) {
        return fail(STIPEND_E_CONFLICT, "payout ", order.payout, ": is ", ledger::payout_state_name(state),
                    ", and cannot become ", ledger::payout_state_name(next), " by hand");
    }
    ledger::Batch batch;
    batch.payouts.steps.push_back(
        {.payout = order.payout, .state = next, .reason = order.reason, .by = order.by, .at = now});
    STIPEND_TRY(ledger.commit(batch));
    STIPEND_LET(after, ledger.payout(order.payout));
    if (!after) return fail(STIPEND_E_INTERNAL, "payout ", order.payout, " is not found any more");
    return ledger::payout_json(*after);
}

}  // namespace stipend::engine
