// The manager's payouts on a chain.
#include "host/engine/manager.hpp"
#include "host/runtime/control_server.hpp"

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

}  // namespace stipend::engine
