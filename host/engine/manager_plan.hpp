// A manager's configuration, ready to be put in force: plugins loaded and tried, policies made, the spend computed.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "host/config/settings.hpp"
#include "host/engine/engine.hpp"
#include "host/plugin/loader.hpp"
#include "host/plugin/prepare.hpp"
#include "host/registry/registration.hpp"
#include "host/runtime/maintenance.hpp"
#include "host/runtime/role.hpp"

namespace stipend::engine {

inline constexpr std::size_t max_policies = 256;  // distinct overlays of the policy's configuration

// The largest that can be owed for a day, by the policies' own bounds and the accrual limits, in US dollars.
struct Spend {
    Usd per_orchestrator;  // of the one that can earn the most
    Usd all;
    std::size_t orchestrators = 0;
};

// The largest that jobs can cost on a day, by the limits of fees.
struct LargestFees {
    SignedWei per_orchestrator;
    SignedWei all;
    std::size_t orchestrators = 0;
};

// A target that this host watches by itself, for a payee.
struct PlannedCheck {
    std::string payee;  // its key
    config::Check check;
    std::string path;  // "orchestrators[0].checks[1]"
};

// The settings are without their orchestrators: those are in `update`.
struct ManagerPlan final : runtime::Plan {
    ConfigUpdate update;
    plugin::Prepared policy;
    std::vector<PlannedCheck> checks;
    runtime::Maintenance maintenance;
    Spend spend;
    LargestFees fees;
    std::shared_ptr<const registry::ConfiguredMarks> configured;  // the orchestrators of the configuration
    std::set<std::string> registered;                             // ids of those beside them that are paid
    // By id of each registration: the payout address that its wallet has proven, or nothing; NULL: not known.
    std::shared_ptr<const std::map<std::string, std::string>> proven;
    std::vector<std::string> left_out;  // and of those that are not, since the configuration has their id or endpoint
    std::vector<std::string> without_terms;  // nor is what their invitations name of this configuration
    std::string payees_digest;  // equal digests: the same orchestrators, with the same addresses, keys and capabilities
};

// The keys of a manager's plugin instances; those of monitors are monitor_key(name).
[[nodiscard]] inline std::string dispatch_key(std::string_view dispatcher) {  // "dispatch", "dispatch:runner"
    return dispatcher.empty() ? "dispatch" : cat("dispatch:", dispatcher);
}
[[nodiscard]] inline std::string price_key(const config::PaidNetwork& network) {  // "price", "price:usdc"
    return network.name.empty() ? "price" : cat("price:", network.name);
}
[[nodiscard]] inline std::string settlement_key(const config::PaidNetwork& network) {  // only where settlement is on
    return network.name.empty() ? "settlement" : cat("settlement:", network.name);
}

// The name of the instance of an entry of `api.plugins`, and its key: "page:ui" of the prefix /ui/.
[[nodiscard]] inline std::string page_name(std::string_view prefix) {
    return cat("page:", prefix.substr(1, prefix.size() - 2));
}

// Makes a plan of loaded settings, and of the registrations that are approved: an entry of the configuration with the
// same id, endpoint, payout address or key wins. Whatever is wrong goes to `diagnostics`, and nothing is returned.
// Blocks: not on [control].
std::unique_ptr<ManagerPlan> make_manager_plan(plugin::Loader& loader, config::Settings settings,
                                               config::Diagnostics& diagnostics,
                                               const std::vector<registry::Registration>& approved = {});

// Checks what only the loaded plugins know: targets of monitors, and options that a plugin's schema has by a format
// of the host. `plan` has its instances and payees; `settings` are still whole.
void check_plan(const config::Settings& settings, const ManagerPlan& plan, config::Diagnostics& diagnostics);

// The configuration of a dispatcher as its plugin gets it: where it leaves out an option that the schema gives the
// format `own-witness`, with the entries of `witness` that are looked at by HTTP or TCP. `stated` itself where nothing
// is added.
[[nodiscard]] config::Tree with_own_witness(const config::Settings& settings, const config::Tree& stated,
                                            const std::string& config_schema);

// What a monitor looks at for an entry of `witness`: a URL as it is, host:port over TCP.
[[nodiscard]] std::string witness_endpoint(const std::string& witness);

// "12.00 USD/day for each of 3 orchestrators at most, 36.00 USD/day in all".
[[nodiscard]] std::string spend_text(const Spend& spend);

// As spend_text: "0.01 ETH a day for one orchestrator at most, 0.03 ETH a day for all 3".
[[nodiscard]] std::string fees_text(const LargestFees& fees);

// True where `next` can spend more than twice what `now` can, per orchestrator or in all.
[[nodiscard]] bool more_than_doubles(const Spend& now, const Spend& next);

}  // namespace stipend::engine
