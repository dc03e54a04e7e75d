#include "host/config/payout_check.hpp"

#include "host/config/settings_tree.hpp"
#include "stipend/duration.hpp"

namespace stipend::config {

void check_payouts(const Node& root, const Settings& settings, Diagnostics& diagnostics) {
    if (settings.settlement != Settlement::ethereum) return;
    const auto& payouts = settings.payouts;
    const auto report = [&](const char* pointer, std::string message) {
        auto place = locate(root, "", pointer);
        diagnostics.add(place.node->pos, std::move(place.path), std::move(message));
    };
    const Eth none;
    // Without a limit a mistake anywhere above it would pay out all that the payer has.
    if (payouts.per_day == none) {
        report("/payouts/per_day",
               "got no limit, want the most that may be paid on a day, since settlement is ethereum");
    }
    if (payouts.per_payment == none) report("/payouts/per_payment", "got 0 ETH, want more: nothing could be paid");
    if (payouts.per_payee_day < payouts.per_payment) {
        report("/payouts/per_payee_day",
               cat("got ", payouts.per_payee_day.text(), ", want at least payouts.per_payment, ",
                   payouts.per_payment.text(), ": a payment up to that could never be made"));
    }
    if (payouts.per_day != none && payouts.per_day < payouts.per_payment) {
        report("/payouts/per_day", cat("got ", payouts.per_day.text(), ", want at least payouts.per_payment, ",
                                       payouts.per_payment.text(), ": a payment up to that could never be made"));
    }
    if (payouts.min > payouts.per_payment) {
        report("/payouts/min", cat("got ", payouts.min.text(), ", want at most payouts.per_payment, ",
                                   payouts.per_payment.text(), ": each payment would be held"));
    }
    if (payouts.max_gas_price == none) report("/payouts/max_gas_price", "got 0 ETH, want more: nothing could be paid");
}

}  // namespace stipend::config
