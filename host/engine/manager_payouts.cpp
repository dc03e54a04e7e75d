// The manager's payouts on a chain.
#include <algorithm>
#include <utility>

#include "host/engine/manager.hpp"
#include "host/runtime/control_server.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {

// One cycle of what is due (`once_`) ends long before a payment is final: it pays nothing.
void Manager::pay_out(const runtime::InstanceSet& fresh) {
    const auto instance = fresh.find(settlement_key);
    if (instance == fresh.end() || once_) return;
    if (!payouts_) {
        payouts_ = std::make_unique<PayoutDesk>(host_, *engine_, plan_->settings, take_open_payouts(), [this] {
            if (events_) events_->notify();
        });
    }
    payouts_->apply(plan_->settings, instance->second.instance, {plan_->configured, plan_->proven});
}

// Of the network that is paid. One that is new to the ledger has the nonces of its chain, and the ids that are next.
ledger::OpenPayouts Manager::take_open_payouts() {
    const auto own = std::ranges::find(open_payouts_, engine_->network().id, &ledger::OpenPayouts::network);
    if (own != open_payouts_.end()) return std::exchange(*own, {.network = own->network});
    const auto& of_coin = open_payouts_.front();
    return {.network = engine_->network().id,
            .last_slots = of_coin.last_slots,
            .next_payout = of_coin.next_payout,
            .next_slot = of_coin.next_slot};
}

Result<void> Manager::add_payout_routes(runtime::ControlServer& server) {
    if (!payouts_) return {};
    auto* payouts = payouts_.get();
    STIPEND_TRY(server.route("POST", "/payouts/order", [payouts](const Json& body) { return payouts->order(body); }));
    STIPEND_TRY(
        server.quick_route("POST", "/payouts/show", [payouts](const Json& body) { return payouts->show(body); }));
    return server.slow_route("POST", "/reconcile", [payouts](const Json& body) { return payouts->reconcile(body); });
}

void Manager::announce_settlement(const config::Settings& settings) const {
    auto& log = host_.log();
    const bool pays = settings.settlement == config::Settlement::ethereum;
    for (const auto& open : open_payouts_) {
        if (open.payouts.empty() || (pays && open.network == engine_->network().id)) continue;
        log.warn(cat(open.payouts.size(), " payouts are under way",
                     pays ? cat(" on network ", open.network, ", and nothing watches them until it is configured again")
                          : std::string(", and nothing watches them until settlement is ethereum again")));
    }
    switch (settings.settlement) {
        case config::Settlement::dry_run:
            return log.warn("settlement is dry-run: nothing here will ever be paid");
        case config::Settlement::accrue:
            return log.info(cat("settlement is accrue: debts on chain ", settings.chain_id,
                                " are real, and paid once settlement is switched on"));
        case config::Settlement::ethereum:
            break;
    }
    const auto& payouts = settings.payouts;
    log.info(cat("settlement is ethereum: debts on chain ", settings.chain_id, " are paid from ", payouts.min,
                 " on, or after ", duration_text(payouts.max_age_ns), ", at most ", payouts.per_day, " a day"));
    if (once_) log.warn("nothing is paid in one cycle: a payment takes longer to become final");
    if (payouts.stopped == config::Stopped::yes) log.warn("payouts are stopped: payouts.stopped is true");
}

}  // namespace stipend::engine
