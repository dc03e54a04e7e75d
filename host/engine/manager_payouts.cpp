// The manager's payouts on a chain.
#include <algorithm>
#include <utility>

#include "host/engine/manager.hpp"
#include "host/runtime/control_server.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {

// One cycle of what is due (`once_`) ends long before a payment is final: it pays nothing.
void Manager::pay_out(const runtime::InstanceSet& fresh) {
    if (plan_->settings.settlement != config::Settlement::ethereum || once_) return;
    if (!payouts_) {
        payouts_ = std::make_unique<PayoutDesks>(host_, *engine_, plan_->settings, open_payouts_, restoration_, [this] {
            if (events_) events_->notify();
        });
    }
    payouts_->apply(plan_->settings, fresh, {plan_->configured, plan_->proven});
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
        if (open.payouts.empty() || (pays && engine_->networks().find(open.network) != nullptr)) continue;
        log.warn(cat(open.payouts.size(), " payouts are under way",
                     pays ? cat(" on network ", open.network, ", and nothing watches them until it is configured again")
                          : std::string(", and nothing watches them until settlement is ethereum again")));
    }
    switch (settings.settlement) {
        case config::Settlement::dry_run:
            return log.warn("settlement is dry-run: nothing here will ever be paid");
        case config::Settlement::accrue:
            return log.info(cat("settlement is accrue: debts on chain ", settings.network.chain_id,
                                " are real, and paid once settlement is switched on"));
        case config::Settlement::ethereum:
            break;
    }
    for (const auto* network : config::networks_of(settings)) {
        const auto& payouts = network->payouts;
        log.info(cat("settlement is ethereum: debts ", network->name.empty() ? "" : cat("of ", network->name, " "),
                     "on chain ", network->chain_id, " are paid from ", payouts.min, " on, or after ",
                     duration_text(payouts.max_age_ns), ", at most ", payouts.per_day, " a day"));
        if (payouts.stopped == config::Stopped::yes) {
            const auto place = network->name.empty() ? "payouts.stopped" : cat("payouts.stopped of ", network->name);
            log.warn(cat("payouts are stopped: ", place, " is true"));
        }
    }
    if (once_) log.warn("nothing is paid in one cycle: a payment takes longer to become final");
}

}  // namespace stipend::engine
