// What the settings of a plan, and those of its plugins, say of each other.
#include <algorithm>

#include "host/engine/manager_plan.hpp"
#include "host/runtime/instances.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::engine {
namespace {

// Targets of monitors that were taken: one that a monitor can never look at is an error in the file.
void check_targets(const config::Settings& settings, config::Diagnostics& diagnostics, const ManagerPlan& plan) {
    const auto monitor_of = [&](const std::string& name) -> const plugin::Prepared* {
        const auto key = runtime::monitor_key(name);
        const auto at = std::ranges::find(plan.instances, key, &runtime::PlannedInstance::key);
        return at == plan.instances.end() ? nullptr : &at->prepared;
    };
    for (const auto& [payee, check, path] : plan.checks) {
        if (const auto* monitor = monitor_of(check.monitor)) {
            plugin::check_target(*monitor, plan.terms,
                                 {path + ".target", check.target, check.options, check.target_pos}, diagnostics);
        }
    }
    if (settings.witness.empty() || settings.monitors.empty()) return;
    const auto& first = settings.monitors.front();
    const auto* monitor = monitor_of(first.name);
    for (std::size_t at = 0; monitor != nullptr && at < settings.witness.size(); ++at) {
        plugin::check_target(
            *monitor, plan.terms,
            {cat("witness[", at, "]"), witness_endpoint(settings.witness[at]), nullptr, settings.witness_pos},
            diagnostics);
    }
}

// The options with that format in the plugin's schema that its configuration states. By such a format a plugin says
// what an option means for the host, which then checks it against its own settings.
std::vector<std::pair<std::string, const config::Node*>> stated_options(const ManagerPlan& plan, std::string_view key,
                                                                        const config::Node* stated,
                                                                        std::string_view format) {
    std::vector<std::pair<std::string, const config::Node*>> out;
    const auto instance = std::ranges::find(plan.instances, key, &runtime::PlannedInstance::key);
    if (instance == plan.instances.end() || stated == nullptr) return out;
    const auto schema = parse_json(instance->prepared.chosen.plugin->config_schema);
    const auto* options = schema ? schema->find("properties") : nullptr;
    if (options == nullptr || !options->is(Json::Kind::object)) return out;
    for (const auto& [name, option] : options->members()) {
        const auto* of_option = option.is(Json::Kind::object) ? option.find("format") : nullptr;
        if (of_option == nullptr || !of_option->is(Json::Kind::string) || of_option->text() != format) continue;
        const auto* value = stated->find(name);
        if (value != nullptr) out.emplace_back(name, value);
    }
    return out;
}

// A rate that the configuration of the price plugin states, and that the host would never accept, holds all decisions
// for ever.
void check_stated_rates(const config::Settings& settings, config::Diagnostics& diagnostics, const ManagerPlan& plan) {
    const auto [least, most] = std::pair(settings.price.min, settings.price.max);
    for (const auto& [name, stated] : stated_options(plan, price_key, settings.price.config.get(), "usd-per-eth")) {
        const auto rate = Usd::parse(stated->text);
        if (!rate || (least <= *rate && *rate <= most)) continue;  // what is no rate, the plugin reports
        diagnostics.add(stated->pos, cat("price.config.", name),
                        cat("got ", stated->shown(), ", want a rate from price.min, ", least.text(),
                            " USD, to price.max, ", most.text(), " USD: any other holds all decisions"));
    }
}

// A plugin of another chain than the ledger's would answer that it pays nothing here.
void check_chain(const config::Settings& settings, config::Diagnostics& diagnostics, const ManagerPlan& plan) {
    for (const auto& [name, stated] : stated_options(plan, settlement_key, settings.payouts.config.get(), "chain-id")) {
        if (!stated->is(config::Node::Kind::scalar) || stated->text == std::to_string(settings.chain_id)) continue;
        diagnostics.add(stated->pos, cat("payouts.config.", name),
                        cat("got ", stated->shown(), ", want network.chain_id, ", settings.chain_id));
    }
}

// Debts are counted in the smallest unit of the network's asset: as units of another one they would be another amount.
void check_asset(const config::Settings& settings, config::Diagnostics& diagnostics, const ManagerPlan& plan) {
    const auto& asset = settings.asset;
    const auto want =
        asset.token.empty() ? std::string("native") : cat("{token: ", asset.token, ", decimals: ", asset.decimals, "}");
    const auto shown = [](const config::Node& stated) {
        const auto* token = stated.find("token");
        const auto* decimals = stated.find("decimals");
        if (token == nullptr) return stated.is(config::Node::Kind::scalar) ? stated.text : stated.shown();
        return cat("{token: ", token->text, ", decimals: ", decimals == nullptr ? "none" : decimals->text, "}");
    };
    bool found = false;
    for (const auto& [name, stated] :
         stated_options(plan, settlement_key, settings.payouts.config.get(), "payout-asset")) {
        found = true;
        const auto got = shown(*stated);
        if (ascii::to_lower(got) == ascii::to_lower(want)) continue;
        diagnostics.add(stated->pos, cat("payouts.config.", name), cat("got ", got, ", want network.asset, ", want));
    }
    if (found || asset.token.empty() || settings.settlement != config::Settlement::ethereum) return;
    diagnostics.add(settings.payouts.pos, "payouts.config",
                    cat("got no asset, which is the coin, want network.asset, ", want));
}

// Where only signed evidence counts, an orchestrator whose worker's key is not known is held for ever.
void check_worker_keys(const config::Settings& settings, config::Diagnostics& diagnostics, const ManagerPlan& plan) {
    const auto& payees = *plan.update.payees;
    for (const auto& [name, stated] :
         stated_options(plan, dispatch_key, settings.dispatch.config.get(), "worker-evidence")) {
        if (stated->text != "signed") continue;
        // One that registered without a key is held by itself, and keeps no configuration from being applied.
        const auto lacks_key = [&](const registry::Payee& payee) {
            return payee.worker_key.empty() && !plan.registered.contains(payee.key);
        };
        const auto first = std::ranges::find_if(payees, lacks_key);
        if (first == payees.end()) continue;
        const auto more = std::ranges::count_if(payees, lacks_key) - 1;
        diagnostics.add(stated->pos, cat("dispatch.config.", name),
                        cat("got ", stated->shown(), ", want a worker_key in the entry of each orchestrator: ",
                            first->key, more > 0 ? cat(" and ", more, " more have none") : " has none",
                            ", so no answer could count (a worker logs its key when it starts)"));
    }
}

}  // namespace

void check_plan(const config::Settings& settings, const ManagerPlan& plan, config::Diagnostics& diagnostics) {
    check_targets(settings, diagnostics, plan);
    check_stated_rates(settings, diagnostics, plan);
    check_worker_keys(settings, diagnostics, plan);
    check_chain(settings, diagnostics, plan);
    check_asset(settings, diagnostics, plan);
}

std::string witness_endpoint(const std::string& witness) {
    return witness.find("://") == std::string::npos ? "tcp://" + witness : witness;
}

}  // namespace stipend::engine
