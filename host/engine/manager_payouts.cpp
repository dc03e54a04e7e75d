// The manager's payouts on a chain.
#include "host/engine/manager.hpp"
#include "host/runtime/control_server.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {

// One cycle of what is due (`once_`) ends long before a payment is final: it pays nothing.
void Manager::pay_out(const runtime::InstanceSet& fresh) {
    const auto instance = fresh.find(settlement_key);
    if (instance == fresh.end() || once_) return;
    if (!payouts_) {
        payouts_ = std::make_unique<PayoutDesk>(host_, *engine_, plan_->settings, std::move(*open_payouts_), [this] {
            if (events_) events_->notify();
        });
        open_payouts_.reset();
    }
    payouts_->apply(plan_->settings, instance->second.instance, {plan_->configured, plan_->proven});
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
    if (!pays && open_payouts_ && !open_payouts_->payouts.empty()) {
        log.warn(cat(open_payouts_->payouts.size(),
                     " payouts are under way, and nothing watches them until settlement is ethereum again"));
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
    log.info(cat("settlement is ethereum: debts on chain ", settings.chain_id, " are paid from ", payouts.min.text(),
                 " on, or after ", duration_text(payouts.max_age_ns), ", at most ", payouts.per_day.text(), " a day"));
    if (once_) log.warn("nothing is paid in one cycle: a payment takes longer to become final");
    if (payouts.stopped == config::Stopped::yes) log.warn("payouts are stopped: payouts.stopped is true");
}

}  // namespace stipend::engine
