#include "host/ledger/payout_json.hpp"

#include "host/base/time.hpp"
#include "stipend/hex.hpp"

namespace stipend::ledger {
namespace {

std::string hash_text(const Hash& hash) {
    return "0x" + hex_encode(hash);
}

Json text_or_null(const std::string& text) {
    return text.empty() ? Json() : Json(text);
}

// What the chain executed, or else what is to be executed next.
Json transaction_of(const PayoutHistory& history) {
    if (history.end && history.end->id != Hash{}) return hash_text(history.end->id);
    return history.attempts.empty() ? Json() : Json(hash_text(history.attempts.back().id));
}

Json slot_json(const PayoutHistory& history) {
    const auto& slot = *history.slot;
    auto attempts = Json::array();
    for (const auto& one : history.attempts) {
        attempts.push(Json::object()
                          .append("transaction", hash_text(one.id))
                          .append("signed_at", utc_text(one.at))
                          .append("tip_wei", one.tip_wei.text())
                          .append("cap_wei", one.cap_wei.text())
                          .append("gas", one.gas)
                          .append("gives_up", one.gives_up));
    }
    auto out = Json::object()
                   .append("slot", slot.id)
                   .append("payer", slot.payer)
                   .append("nonce", slot.nonce)
                   .append("payouts", slot.payouts)
                   .append("bound_at", utc_text(slot.at))
                   .append("attempts", std::move(attempts));
    if (!history.end) return out.append("end", Json());
    const auto& end = *history.end;
    if (end.id == Hash{}) return out.append("end", Json::object().append("at", utc_text(end.at)).append("free", true));
    return out.append("end", Json::object()
                                 .append("at", utc_text(end.at))
                                 .append("transaction", hash_text(end.id))
                                 .append("block", end.block)
                                 .append("block_hash", hash_text(end.block_hash))
                                 .append("executed", end.executed)
                                 .append("fee_wei", end.fee_wei.text()));
}

}  // namespace

Json payout_json(const PayoutLine& line) {
    const auto at = line.last ? line.last->at : line.row.at;
    return Json::object()
        .append("payout", line.row.id)
        .append("orchestrator", line.key)
        .append("to", line.row.to)
        .append("amount_wei", line.row.wei.text())
        .append("asset", line.network.symbol)
        .append("token", text_or_null(line.network.token))
        .append("decimals", line.network.decimals)
        .append("chain_id", line.network.chain_id)
        .append("state", payout_state_name(line.state))
        .append("reserved_at", utc_text(line.row.at))
        .append("since", utc_text(at))
        .append("reason", line.last ? text_or_null(line.last->reason) : Json())
        .append("by", line.last ? text_or_null(line.last->by) : Json());
}

Json payout_json(const PayoutHistory& history) {
    auto steps = Json::array();
    for (const auto& step : history.steps) {
        steps.push(Json::object()
                       .append("at", utc_text(step.at))
                       .append("state", payout_state_name(step.state))
                       .append("block", step.block == 0 ? Json() : Json(step.block))
                       .append("reason", text_or_null(step.reason))
                       .append("by", text_or_null(step.by)));
    }
    return payout_json(history.line)
        .append("transaction", transaction_of(history))
        .append("steps", std::move(steps))
        .append("nonce", history.slot ? slot_json(history) : Json());
}

}  // namespace stipend::ledger
