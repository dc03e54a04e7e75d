#include "host/engine/payout_order.hpp"

#include <algorithm>
#include <array>

#include "host/ledger/payout_json.hpp"
#include "stipend/decimal.hpp"

namespace stipend::engine {
namespace {

using ledger::PayoutState;

Result<std::string> order_text(const Json& json, std::string_view name, std::size_t most) {
    const auto* member = json.find(name);
    if (member == nullptr || !member->is(Json::Kind::string) || member->text().size() > most ||
        member->text().find('\0') != std::string::npos) {
        return fail(STIPEND_E_INVALID, "\"", name, "\": want a text of at most ", most, " bytes");
    }
    return member->text();
}

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
    const auto* member = json.find("payout");
    if (member != nullptr && member->is(Json::Kind::number)) {
        const auto number = Decimal::parse(member->text());
        const auto whole = number ? number->exact_scaled(0) : Result<std::int64_t>(number.error());
        if (whole && *whole >= 1) return *whole;
    }
    return fail(STIPEND_E_INVALID, "\"payout\": want the number of a payout, 1 or more");
}

Result<PayoutOrder> parse_payout_order(const Json& json) {
    PayoutOrder out;
    STIPEND_SET(out.payout, payout_member(json));
    STIPEND_LET(action, order_text(json, "action", 16));
    STIPEND_SET(out.by, order_text(json, "by", ledger::max_key_bytes));
    using Action = PayoutOrder::Action;
    const auto known = std::ranges::find(actions, action, &std::pair<std::string_view, Action>::first);
    if (known == actions.end()) {
        return fail(STIPEND_E_INVALID, "\"action\": got \"", clip(action, 16),
                    "\", want hold, release, return or unfreeze");
    }
    out.action = known->second;
    if (out.action == Action::release || out.action == Action::unfreeze) return out;
    STIPEND_SET(out.reason, order_text(json, "reason", ledger::max_reason_bytes));
    if (out.reason.empty()) return fail(STIPEND_E_INVALID, "\"reason\": want a text: it is recorded");
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
