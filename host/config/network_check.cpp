#include "host/config/network_check.hpp"

#include <algorithm>

#include "host/config/asset_amount.hpp"
#include "stipend/ascii.hpp"
#include "stipend/duration.hpp"

namespace stipend::config {
namespace {

// "networks[0].payouts.min" as a JSON Pointer.
std::string pointer_of(std::string option) {
    std::erase(option, ']');
    std::ranges::replace(option, '[', '/');
    std::ranges::replace(option, '.', '/');
    return "/" + option;
}

class NetworkCheck {
  public:
    NetworkCheck(const Node& root, const Settings& settings, std::size_t place, Diagnostics& diagnostics)
        : root_(root),
          network_(*networks_of(settings)[place]),
          paid_(settings.settlement == Settlement::ethereum),
          place_(place),
          diagnostics_(diagnostics) {}

    void run() {
        check_price();
        check_asset();
        if (paid_) check_limits();
    }

  private:
    [[nodiscard]] std::string option(std::string_view name) const { return network_option(place_, name); }
    void report(std::string_view name, std::string message) {
        auto place = locate(root_, "", pointer_of(option(name)));
        diagnostics_.add(place.node->pos, std::move(place.path), std::move(message));
    }

    void check_price() {
        const auto& price = network_.price;
        if (price.min > price.max) {
            return report("price.min", cat("got more than ", option("price.max"), ": ", price.min.text(),
                                           " USD, want at most ", price.max.text(), " USD"));
        }
        if (price.every_ns > price.max_age_ns) {
            report("price.every", cat("got more than ", option("price.max_age"), ": ", duration_text(price.every_ns),
                                      ", want at most ", duration_text(price.max_age_ns),
                                      ": each rate would be too old before the next is asked for"));
        }
    }

    // Both decide what one unit is, so that a default would be a guess.
    void check_asset() {
        const auto& asset = network_.asset;
        if (asset.token.empty()) {
            if (asset == Asset()) return;
            return report("network.asset",
                          cat("got ", asset.symbol, " with ", asset.decimals,
                              " decimals and no token, want the token's address, or no asset for the coin"));
        }
        if (asset.symbol == Asset().symbol || asset.symbol == "gwei") {
            report("network.asset.symbol",
                   cat("got ", asset.symbol, ", want the symbol of the token: ", asset.symbol, " is the coin"));
        }
        const auto decimals = locate(root_, "", pointer_of(option("network.asset.decimals")));
        if (decimals.node->by_default || decimals.node->key != "decimals") {
            report("network.asset.decimals", "got none, want the decimals of the token, such as 6 for USDC");
        }
    }

    SignedWei units(std::string_view name, const std::string& amount) {
        const auto out = units_of(amount, network_.asset);
        if (out) return *out;
        sound_ = false;
        report(name, out.error().message);
        return {};
    }

    void check_limits() {
        const auto& payouts = network_.payouts;
        const SignedWei none;
        const Eth no_coin;
        const auto min = units("payouts.min", payouts.min);
        const auto per_payment = units("payouts.per_payment", payouts.per_payment);
        const auto per_payee_day = units("payouts.per_payee_day", payouts.per_payee_day);
        // Its default is none, in any unit.
        const auto per_day = payouts.per_day == "0 ETH" ? none : units("payouts.per_day", payouts.per_day);
        if (!sound_) return;
        // Without a limit a mistake anywhere above it would pay out all that the payer has.
        if (per_day == none) {
            report("payouts.per_day",
                   "got no limit, want the most that may be paid on a day, since settlement is ethereum");
        }
        if (per_payment == none) {
            report("payouts.per_payment", cat("got ", payouts.per_payment, ", want more: nothing could be paid"));
        }
        if (per_payee_day < per_payment) {
            report("payouts.per_payee_day",
                   cat("got ", payouts.per_payee_day, ", want at least ", option("payouts.per_payment"), ", ",
                       payouts.per_payment, ": a payment up to that could never be made"));
        }
        if (per_day != none && per_day < per_payment) {
            report("payouts.per_day", cat("got ", payouts.per_day, ", want at least ", option("payouts.per_payment"),
                                          ", ", payouts.per_payment, ": a payment up to that could never be made"));
        }
        if (min > per_payment) {
            report("payouts.min", cat("got ", payouts.min, ", want at most ", option("payouts.per_payment"), ", ",
                                      payouts.per_payment, ": each payment would be held"));
        }
        if (payouts.max_gas_price == no_coin) {
            report("payouts.max_gas_price", "got 0 ETH, want more: nothing could be paid");
        }
        const bool token = !network_.asset.token.empty();
        if (token && payouts.max_fee == no_coin) {
            report("payouts.max_fee",
                   "got none, want the most that a payment may cost in the coin, since a share of a token is no limit");
        }
        if (!token && payouts.max_fee != no_coin) {
            report("payouts.max_fee",
                   cat("got ", payouts.max_fee.text(), ", want none: of the coin, max_fee_share counts"));
        }
    }

    const Node& root_;
    const PaidNetwork& network_;
    const bool paid_;
    const std::size_t place_;  // of networks_of
    Diagnostics& diagnostics_;
    bool sound_ = true;
};

}  // namespace

void check_networks(const Node& root, const Settings& settings, Diagnostics& diagnostics) {
    const auto all = networks_of(settings);
    for (std::size_t place = 0; place < all.size(); ++place) {
        NetworkCheck(root, settings, place, diagnostics).run();
        const auto& own = *all[place];
        for (std::size_t before = 0; before < place; ++before) {
            const auto& other = *all[before];
            if (own.chain_id == 0) continue;  // missing, which is reported
            const bool same = own.chain_id == other.chain_id &&
                              ascii::to_lower(own.asset.token) == ascii::to_lower(other.asset.token);
            if (!same && (own.name != other.name || own.name.empty())) continue;
            auto at = locate(root, "", pointer_of(network_option(place, same ? "network.asset" : "name")));
            diagnostics.add(
                at.node->pos, std::move(at.path),
                same ? cat("got the chain and the asset of ", network_option(before, "network"), ", want each once")
                     : cat("got \"", own.name, "\", which ", network_option(before, "network"),
                           " has already: want it once"));
            break;
        }
    }
}

}  // namespace stipend::config
