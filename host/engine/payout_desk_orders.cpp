// What people ask of payouts and order for them, while the host runs.
#include "host/engine/payout_desk.hpp"

#include "host/base/time.hpp"
#include "host/ledger/payout_json.hpp"
#include "host/runtime/pending_answer.hpp"
#include "host/settlement/reconcile.hpp"
#include "host/settlement/waiting.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t payout_patience_ns = 20 * ns_per_s;

}  // namespace

// It is carried out once no other step is under way.
Result<void> PayoutDesk::ordered(std::function<void(const Done&)> carry_out) {
    runtime::PendingAnswer<Result<void>> answer;
    host_.loop().post([this, carry_out = std::move(carry_out), give = answer.giver()] {
        orders_.push_back([carry_out, give] { carry_out(give); });
    });
    STIPEND_LET(
        done, answer.wait_within(
                  payout_patience_ns,
                  fail(STIPEND_E_TIMEOUT, "the host did not answer in time: `stipend payouts list` shows what is so")));
    return std::move(done);
}

Result<Json> PayoutDesk::order(const Json& body) {
    STIPEND_LET(order, parse_payout_order(body));
    using Action = PayoutOrder::Action;
    STIPEND_TRY(ordered([this, order](const Done& done) {
        switch (order.action) {
            case Action::hold:
                return settler_.hold(order.payout, order.reason, order.by, done);
            case Action::release:
                return settler_.release(order.payout, order.by, done);
            case Action::give_back:
                return settler_.give_back(order.payout, order.reason, order.by, done);
            case Action::unfreeze:
                if (order.as) return settler_.settle(order.payout, *order.as, order.by, done);
                return settler_.unfreeze(order.payout, order.by, done);
        }
    }));
    return show(Json::object().append("payout", order.payout));
}

Result<Json> PayoutDesk::show(const Json& body) {
    STIPEND_LET(id, payout_member(body));
    STIPEND_LET(history, ledger_.read([id](ledger::Ledger& ledger) { return ledger.payout(id); }));
    if (!history) return fail(STIPEND_E_INVALID, "payout ", id, ": there is none");
    auto out = ledger::payout_json(*history);
    STIPEND_LET(waiting,
                host_.loop().ask_within(payout_patience_ns, [this, id]() -> std::optional<settlement::Waiting> {
                    if (!settler_.payouts().contains(id)) return std::nullopt;
                    return settlement::waiting_of(settler_, id, host_.now());
                }));
    if (!waiting) return out;
    return out.append("waits_for", waiting->text)
        .append("command", waiting->command.empty() ? Json() : Json(waiting->command))
        .append("next_at", waiting->next ? Json(utc_text(*waiting->next)) : Json());
}

// With a chain of its own, beside the settler: what it asks holds nothing up.
Result<Json> PayoutDesk::reconcile(const Json& body) {
    if (const auto* accept = body.find("accept_foreign");
        accept != nullptr && accept->is(Json::Kind::boolean) && accept->truth()) {
        const auto* by = body.find("by");
        const auto name = by != nullptr && by->is(Json::Kind::string) ? by->text() : std::string();
        STIPEND_TRY(ordered([this, name](const Done& done) { settler_.accept_foreign(name, done); }));
        host_.log().warn(cat("payouts: what used the payer's key beside this ledger was accepted by ", name));
    }
    stipend_unix_ns since = 0;
    if (const auto* text = body.find("since"); text != nullptr && text->is(Json::Kind::string)) {
        STIPEND_SET(since, parse_utc(text->text()));
    }
    auto side = std::make_shared<settlement::LedgerSide>();
    // The open ones are read first: one that ends meanwhile is then compared twice, not left out.
    STIPEND_SET(side->open,
                host_.writer().ask([of = network_id_](ledger::Ledger& ledger) -> Result<ledger::OpenPayouts> {
                    return ledger.open_payouts(of);
                }));
    STIPEND_SET(side->ended, ledger_.read([since, of = network_id_](ledger::Ledger& ledger) {
        return ledger.ended_slots(of, 0, since, UINT64_MAX);
    }));
    runtime::PendingAnswer<Result<settlement::Reconciled>> answer;
    host_.loop().post([this, side, give = answer.giver()] {
        side->restored = restored_;
        auto chain = std::make_shared<settlement::PluginChain>(
            instance_, [&loop = host_.loop()](std::function<void()> work) { loop.post(std::move(work)); },
            chain_deadline_ns);
        settlement::reconcile(*chain, side,
                              [give, chain](Result<settlement::Reconciled> done) { give(std::move(done)); });
    });
    STIPEND_LET(compared, answer.wait());
    STIPEND_LET(done, std::move(compared));
    auto findings = Json::array();
    for (const auto& one : done.findings) findings.push(one);
    STIPEND_LET(asset, host_.loop().ask([this] { return network(); }));
    return Json::object()
        .append("network", name_)
        .append("chain_id", asset.chain_id)
        .append("clean", done.bad == 0)
        .append("findings", std::move(findings))
        .append("more", done.bad - done.findings.size())
        .append("transactions", done.slots)
        .append("open_payouts", side->open.payouts.size())
        .append("payer", done.payer)
        .append("next_nonce", done.next_nonce)
        .append("funds_wei", done.funds.text())
        .append("asset", asset.symbol)
        .append("decimals", asset.decimals);
}

}  // namespace stipend::engine
