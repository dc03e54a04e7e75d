// What the settings of a plan, and those of its plugins, say of each other.
#include <algorithm>
#include <array>

#include "host/engine/manager_plan.hpp"
#include "host/runtime/instances.hpp"
#include "stipend/ascii.hpp"
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

// The options with that format in a plugin's schema. By such a format a plugin says what an option means for the host,
// which then checks it against its own settings, or fills it in from them.
std::vector<std::string> options_with(const std::string& schema_text, std::string_view format) {
    std::vector<std::string> out;
    const auto schema = parse_json(schema_text);
    const auto* options = schema ? schema->find("properties") : nullptr;
    if (options == nullptr || !options->is(Json::Kind::object)) return out;
    for (const auto& [name, option] : options->members()) {
        const auto* of_option = option.is(Json::Kind::object) ? option.find("format") : nullptr;
        if (of_option != nullptr && of_option->is(Json::Kind::string) && of_option->text() == format) {
            out.push_back(name);
        }
    }
    return out;
}

// The schema of the plugin of that instance; empty: there is none.
std::string schema_of(const ManagerPlan& plan, std::string_view key) {
    const auto instance = std::ranges::find(plan.instances, key, &runtime::PlannedInstance::key);
    return instance == plan.instances.end() ? std::string() : instance->prepared.chosen.plugin->config_schema;
}

// Those of them that its configuration states.
std::vector<std::pair<std::string, const config::Node*>> stated_options(const ManagerPlan& plan, std::string_view key,
                                                                        const config::Node* stated,
                                                                        std::string_view format) {
    std::vector<std::pair<std::string, const config::Node*>> out;
    if (stated == nullptr) return out;
    for (auto& name : options_with(schema_of(plan, key), format)) {
        if (const auto* value = stated->find(name)) out.emplace_back(std::move(name), value);
    }
    return out;
}

// The options of one network, as its plugins and the host understand them.
class NetworkOptions {
  public:
    NetworkOptions(const config::Settings& settings, std::size_t place, config::Diagnostics& diagnostics,
                   const ManagerPlan& plan)
        : network_(*config::networks_of(settings)[place]), place_(place), problems_(diagnostics), plan_(plan) {}

    // A rate that the configuration of the price plugin states, and that the host would never accept, holds all
    // decisions for ever.
    void check_stated_rates() {
        const auto [least, most] = std::pair(network_.price.min, network_.price.max);
        for (const auto& [name, stated] : price_options("usd-per-eth")) {
            const auto rate = Usd::parse(stated->text);
            if (!rate || (least <= *rate && *rate <= most)) continue;  // what is no rate, the plugin reports
            add(stated, cat("price.config.", name),
                cat("got ", stated->shown(), ", want a rate from ", option("price.min"), ", ", least.text(),
                    " USD, to ", option("price.max"), ", ", most.text(), " USD: any other holds all decisions"));
        }
    }

    // The rate of another asset would make another amount of the same dollars.
    void check_priced_asset() {
        const auto& symbol = network_.asset.symbol;
        const auto stated = price_options("priced-asset");
        for (const auto& [name, value] : stated) {
            if (value->text == symbol) continue;
            add(value, cat("price.config.", name), cat("got ", value->shown(), ", want the asset, ", symbol));
        }
        if (!stated.empty() || !network_.asset.is_token()) return;
        for (const auto& name : options_with(schema_of(plan_, price_key(network_)), "priced-asset")) {
            problems_.add(network_.price.pos, option(cat("price.config.", name)),
                          cat("got none, want the asset that is priced, ", symbol));
        }
    }

    // A plugin of another chain than the network's would answer that it pays nothing here.
    void check_chain() {
        for (const auto& [name, stated] : payout_options("chain-id")) {
            if (stated->is(config::Node::Kind::scalar) && stated->text == std::to_string(network_.chain_id)) continue;
            add(stated, cat("payouts.config.", name),
                cat("got ", stated->shown(), ", want ", option("network.chain_id"), ", ", network_.chain_id));
        }
    }

    // Debts are counted in the smallest unit of the asset: as units of another one they would be another amount.
    void check_asset(bool paid) {
        const auto& asset = network_.asset;
        const auto want = asset.is_token() ? cat("{token: ", asset.token, ", decimals: ", asset.decimals, "}")
                                           : std::string("native");
        const auto shown = [](const config::Node& stated) {
            const auto* token = stated.find("token");
            const auto* decimals = stated.find("decimals");
            if (token == nullptr) return stated.is(config::Node::Kind::scalar) ? stated.text : stated.shown();
            return cat("{token: ", token->text, ", decimals: ", decimals == nullptr ? "none" : decimals->text, "}");
        };
        bool found = false;
        for (const auto& [name, stated] : payout_options("payout-asset")) {
            found = true;
            const auto got = shown(*stated);
            if (ascii::to_lower(got) == ascii::to_lower(want)) continue;
            add(stated, cat("payouts.config.", name), cat("got ", got, ", want ", option("network.asset"), ", ", want));
        }
        if (found || !asset.is_token() || !paid) return;
        problems_.add(network_.payouts.pos, option("payouts.config"),
                      cat("got no asset, which is the coin, want ", option("network.asset"), ", ", want));
    }

  private:
    using Stated = std::vector<std::pair<std::string, const config::Node*>>;
    [[nodiscard]] std::string option(std::string_view name) const { return config::network_option(place_, name); }
    void add(const config::Node* stated, std::string_view name, std::string message) {
        problems_.add(stated->pos, option(name), std::move(message));
    }
    [[nodiscard]] Stated price_options(std::string_view format) const {
        return stated_options(plan_, price_key(network_), network_.price.config.get(), format);
    }
    [[nodiscard]] Stated payout_options(std::string_view format) const {
        return stated_options(plan_, settlement_key(network_), network_.payouts.config.get(), format);
    }

    const config::PaidNetwork& network_;
    const std::size_t place_;
    config::Diagnostics& problems_;
    const ManagerPlan& plan_;
};

// Where only signed evidence counts, an orchestrator whose worker's key is not known is held for ever.
// Of those whose jobs are sent by the dispatcher at that place.
void check_worker_keys(const config::Settings& settings, std::size_t place, config::Diagnostics& diagnostics,
                       const ManagerPlan& plan) {
    const auto& payees = *plan.update.payees;
    const auto& dispatcher = *config::dispatchers_of(settings)[place];
    const auto options =
        stated_options(plan, dispatch_key(dispatcher.name), dispatcher.config.get(), "worker-evidence");
    for (const auto& [name, stated] : options) {
        if (stated->text != "signed") continue;
        // One that registered without a key is held by itself, and keeps no configuration from being applied.
        const auto lacks_key = [&](const registry::Payee& payee) {
            return payee.dispatch == dispatcher.name && payee.worker_key.empty() &&
                   !plan.registered.contains(payee.key);
        };
        const auto first = std::ranges::find_if(payees, lacks_key);
        if (first == payees.end()) continue;
        const auto more = std::ranges::count_if(payees, lacks_key) - 1;
        diagnostics.add(stated->pos, config::dispatch_option(place, cat("config.", name)),
                        cat("got ", stated->shown(), ", want a worker_key in the entry of each orchestrator: ",
                            first->key, more > 0 ? cat(" and ", more, " more have none") : " has none",
                            ", so no answer could count (a worker logs its key when it starts)"));
    }
}

}  // namespace

void check_plan(const config::Settings& settings, const ManagerPlan& plan, config::Diagnostics& diagnostics) {
    check_targets(settings, diagnostics, plan);
    for (std::size_t place = 0; place < config::dispatchers_of(settings).size(); ++place) {
        check_worker_keys(settings, place, diagnostics, plan);
    }
    for (std::size_t place = 0; place < config::networks_of(settings).size(); ++place) {
        NetworkOptions options(settings, place, diagnostics, plan);
        options.check_stated_rates();
        options.check_priced_asset();
        options.check_chain();
        options.check_asset(settings.settlement == config::Settlement::ethereum);
    }
}

config::Tree with_own_witness(const config::Settings& settings, const config::Tree& stated,
                              const std::string& config_schema) {
    std::vector<config::Node> witnesses;
    for (const auto& witness : settings.witness) {
        const auto endpoint = witness_endpoint(witness);
        const bool known = std::ranges::any_of(std::array{"http://", "https://", "tcp://"},
                                               [&](std::string_view scheme) { return endpoint.starts_with(scheme); });
        if (known) witnesses.push_back(config::scalar_node(endpoint, true));
    }
    if (witnesses.empty()) return stated;
    auto added = std::make_shared<config::Node>();
    added->kind = config::Node::Kind::mapping;
    for (const auto& name : options_with(config_schema, "own-witness")) {
        if (stated != nullptr && stated->find(name) != nullptr) continue;
        config::Node option;
        option.kind = config::Node::Kind::sequence;
        option.key = name;
        option.pos = settings.witness_pos;
        option.children = witnesses;
        added->children.push_back(std::move(option));
    }
    return config::overlay(stated, added);
}

std::string witness_endpoint(const std::string& witness) {
    return witness.find("://") == std::string::npos ? "tcp://" + witness : witness;
}

}  // namespace stipend::engine
