#include "host/config/payout_check.hpp"

#include "host/config/asset_amount.hpp"
#include "host/config/settings_tree.hpp"
#include "stipend/duration.hpp"

namespace stipend::config {
namespace {

class PayoutCheck {
  public:
    PayoutCheck(const Node& root, const Settings& settings, Diagnostics& diagnostics)
        : root_(root), settings_(settings), diagnostics_(diagnostics) {}

    void run() {
        check_asset();
        if (settings_.settlement == Settlement::ethereum) check_limits();
    }

  private:
    void report(const char* pointer, std::string message) {
        auto place = locate(root_, "", pointer);
        diagnostics_.add(place.node->pos, std::move(place.path), std::move(message));
    }

    // Both decide what one unit is, so that a default would be a guess.
    void check_asset() {
        const auto& asset = settings_.asset;
        if (asset.token.empty()) {
            if (asset == Asset()) return;
            return report("/network/asset",
                          cat("got ", asset.symbol, " with ", asset.decimals,
                              " decimals and no token, want the token's address, or no asset for the coin"));
        }
        if (asset.symbol == Asset().symbol || asset.symbol == "gwei") {
            report("/network/asset/symbol",
                   cat("got ", asset.symbol, ", want the symbol of the token: ", asset.symbol, " is the coin"));
        }
        if (root_.find("network") == nullptr || root_.find("network")->find("asset") == nullptr ||
            root_.find("network")->find("asset")->find("decimals") == nullptr) {
            report("/network/asset/decimals", "got none, want the decimals of the token, such as 6 for USDC");
        }
    }

    SignedWei units(const char* pointer, const std::string& amount) {
        const auto out = units_of(amount, settings_.asset);
        if (out) return *out;
        sound_ = false;
        report(pointer, out.error().message);
        return {};
    }

    void check_limits() {
        const auto& payouts = settings_.payouts;
        const SignedWei none;
        const Eth no_coin;
        const auto min = units("/payouts/min", payouts.min);
        const auto per_payment = units("/payouts/per_payment", payouts.per_payment);
        const auto per_payee_day = units("/payouts/per_payee_day", payouts.per_payee_day);
        // Its default is none, in any unit.
        const auto per_day = payouts.per_day == "0 ETH" ? none : units("/payouts/per_day", payouts.per_day);
        if (!sound_) return;
        // Without a limit a mistake anywhere above it would pay out all that the payer has.
        if (per_day == none) {
            report("/payouts/per_day",
                   "got no limit, want the most that may be paid on a day, since settlement is ethereum");
        }
        if (per_payment == none) {
            report("/payouts/per_payment", cat("got ", payouts.per_payment, ", want more: nothing could be paid"));
        }
        if (per_payee_day < per_payment) {
            report("/payouts/per_payee_day", cat("got ", payouts.per_payee_day, ", want at least payouts.per_payment, ",
                                                 payouts.per_payment, ": a payment up to that could never be made"));
        }
        if (per_day != none && per_day < per_payment) {
            report("/payouts/per_day", cat("got ", payouts.per_day, ", want at least payouts.per_payment, ",
                                           payouts.per_payment, ": a payment up to that could never be made"));
        }
        if (min > per_payment) {
            report("/payouts/min", cat("got ", payouts.min, ", want at most payouts.per_payment, ", payouts.per_payment,
                                       ": each payment would be held"));
        }
        if (payouts.max_gas_price == no_coin) {
            report("/payouts/max_gas_price", "got 0 ETH, want more: nothing could be paid");
        }
        const bool token = !settings_.asset.token.empty();
        if (token && payouts.max_fee == no_coin) {
            report("/payouts/max_fee",
                   "got none, want the most that a payment may cost in the coin, since a share of a token is no limit");
        }
        if (!token && payouts.max_fee != no_coin) {
            report("/payouts/max_fee",
                   cat("got ", payouts.max_fee.text(), ", want none: of the coin, max_fee_share counts"));
        }
    }

    const Node& root_;
    const Settings& settings_;
    Diagnostics& diagnostics_;
    bool sound_ = true;
};

}  // namespace

void check_payouts(const Node& root, const Settings& settings, Diagnostics& diagnostics) {
    PayoutCheck(root, settings, diagnostics).run();
}

}  // namespace stipend::config
