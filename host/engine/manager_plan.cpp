#include "host/engine/manager_plan.hpp"

#include <algorithm>
#include <span>

#include "host/alert/rules.hpp"
#include "host/base/sha256.hpp"
#include "host/config/plugin_config.hpp"
#include "host/config/url.hpp"
#include "host/engine/explain_policy.hpp"
#include "host/engine/own_terms.hpp"
#include "stipend/abi/alert.h"
#include "stipend/abi/dispatch.h"
#include "stipend/abi/monitor.h"
#include "stipend/abi/price.h"
#include "stipend/abi/service.h"
#include "stipend/abi/settlement.h"
#include "stipend/ascii.hpp"
#include "stipend/duration.hpp"
#include "stipend/record.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t policy_patience_ns = 2 * ns_per_s;  // for a batch; thousands take a millisecond

// Makes the policies: one for each distinct configuration.
class Policies {
  public:
    Policies(plugin::Loader& loader, const config::Settings& settings, config::Diagnostics& diagnostics)
        : loader_(loader), settings_(settings), problems_(diagnostics) {}

    // The place of the policy with that configuration, made at its first use; none where it was refused.
    std::optional<std::uint32_t> place_of(const config::Tree& tree, const std::string& path) {
        const bool common = tree == settings_.payment.policy.config;
        if (common && common_) return *common_;
        const auto json = config::plugin_json(tree);
        auto [at, fresh] = by_json_.try_emplace(json, std::nullopt);
        if (fresh) at->second = make(tree, path, json);
        if (common) common_ = at->second;
        return at->second;
    }
    [[nodiscard]] std::vector<std::shared_ptr<const plugin::PolicyInstance>> take() { return std::move(made_); }
    [[nodiscard]] std::vector<std::string> take_configs() { return std::move(configs_); }
    [[nodiscard]] const std::optional<plugin::Prepared>& first() const { return first_; }

  private:
    std::optional<std::uint32_t> make(const config::Tree& tree, const std::string& path, const std::string& json) {
        if (made_.size() >= max_policies) {
            if (made_.size() == max_policies)
                problems_.add(tree->pos, path, cat("more than ", max_policies, " different policies"));
            return std::nullopt;
        }
        const auto terms = make_terms(settings_.payment.interval_ns, settings_.payment.base.count_e8());
        const auto prepared =
            plugin::prepare(loader_, settings_.payment.policy, tree, path, STIPEND_POLICY, terms, problems_);
        if (!prepared) return std::nullopt;
        const auto& library = *prepared->chosen.library;
        if (hangs_) return std::nullopt;  // and is reported already; each would be waited for
        auto policy =
            plugin::PolicyInstance::create_guarded(policy_patience_ns, *library.entry, *prepared->chosen.plugin,
                                                   library.staged.source, cat("policy-", made_.size()), json, terms);
        if (!policy) {
            hangs_ = policy.error().status == STIPEND_E_TIMEOUT;
            problems_.add(settings_.payment.policy.pos, path, policy.error().message);
            return std::nullopt;
        }
        if (!first_) first_ = *prepared;
        made_.push_back(std::move(policy).value());
        configs_.push_back(json);
        return static_cast<std::uint32_t>(made_.size() - 1);
    }

    plugin::Loader& loader_;
    const config::Settings& settings_;
    config::Diagnostics& problems_;
    std::map<std::string, std::optional<std::uint32_t>> by_json_;
    std::optional<std::optional<std::uint32_t>>
        common_;  // of the configuration without an overlay, once it was asked for
    std::vector<std::shared_ptr<const plugin::PolicyInstance>> made_;
    std::vector<std::string> configs_;  // of `made_`
    std::optional<plugin::Prepared> first_;
    bool hangs_ = false;  // the creation of one did not return
};

// The most that terms can earn in a day: the policy's own bounds, held to the limit.
class SpendBook {
  public:
    SpendBook(const Generation& generation, config::Diagnostics& diagnostics)
        : generation_(generation), problems_(diagnostics) {}

    void add(const PayeeTerms& terms) {
        const auto [at, fresh] = daily_.try_emplace({terms.base, terms.policy});
        if (fresh) at->second = daily(terms);
        spend_.per_orchestrator = std::max(spend_.per_orchestrator, at->second);
        spend_.all = spend_.all.plus_saturating(at->second);
        ++spend_.orchestrators;
    }
    [[nodiscard]] Spend total() {
        spend_.all = std::min(spend_.all, generation_.limits.per_day);
        return spend_;
    }

  private:
    Usd daily(const PayeeTerms& terms) {
        const auto bounds =
            generation_.policies[terms.policy]->bounds(make_terms(generation_.interval_ns, terms.base.count_e8()));
        if (!bounds) {
            problems_.add({}, "payment.policy", bounds.error().message);
            return {};
        }
        const auto times = (ns_per_day + bounds->min_next_ns - 1) / bounds->min_next_ns;
        return std::min(bounds->max_usd.times_saturating(times), generation_.limits.per_orchestrator_day);
    }

    const Generation& generation_;
    config::Diagnostics& problems_;
    std::map<std::pair<Usd, std::uint32_t>, Usd> daily_;
    Spend spend_;
};

LargestFees largest_fees(const FeeLimits& limits, std::size_t orchestrators) {
    const auto one = std::min(limits.per_orchestrator_day, limits.per_day);
    // Below 2^255: a limit is at most 10^6 ETH, of at most 100,000 orchestrators.
    const auto sum = SignedWei::of(Wei(CheckedU256(one.magnitude().value() * orchestrators)));
    const auto all = sum ? std::min(*sum, limits.per_day) : limits.per_day;
    return {.per_orchestrator = orchestrators == 0 ? SignedWei() : one, .all = all, .orchestrators = orchestrators};
}

Rate per_second(std::int64_t count) {
    return count == 0 ? Rate{} : Rate{ns_per_s / count, count};
}
Rate per_minute(std::int64_t count) {
    return count == 0 ? Rate{} : Rate{60 * ns_per_s / count, count};
}

NetworkTerms terms_of(const config::PaidNetwork& network) {
    return {.name = network.name,
            .row = {.chain_id = static_cast<std::uint64_t>(network.chain_id),
                    .token = ascii::to_lower(network.asset.token),
                    .decimals = static_cast<std::uint32_t>(network.asset.decimals),
                    .symbol = network.asset.symbol},
            .price = {.min = network.price.min,
                      .max = network.price.max,
                      .max_step_ppm = network.price.max_step_ppm,
                      .max_age_ns = network.price.max_age_ns,
                      .asset = network.asset.symbol,
                      .network = network.name.empty() ? "" : cat(" of ", network.name)},
            .price_every_ns = network.price.every_ns};
}

std::shared_ptr<Generation> generation_of(const config::Settings& settings) {
    auto out = std::make_shared<Generation>();
    out->interval_ns = settings.payment.interval_ns;
    out->common = {settings.payment.base, 0};
    out->networks.clear();
    for (const auto* network : config::networks_of(settings)) {
        out->networks.push_back(terms_of(*network));
    }
    out->dispatch = {
        static_cast<std::size_t>(settings.dispatch.max_in_flight), per_second(settings.dispatch.jobs_per_second),
        per_minute(settings.dispatch.jobs_per_orchestrator_minute),
        std::min(2 * static_cast<std::size_t>(settings.dispatch.max_in_flight), DispatchRules::most_waiting)};
    out->limits = {settings.limits.accrual_per_orchestrator_day, settings.limits.accrual_per_day};
    out->fees = {wei_of(settings.limits.fees_per_orchestrator_day), wei_of(settings.limits.fees_per_day)};
    out->demand = demand_rules_of(settings);
    return out;
}

// Moves the configured orchestrators into the plan, with their terms and checks.
void add_payees(config::Settings& settings, Policies& policies, ManagerPlan& plan) {
    auto& generation = *plan.update.generation;
    std::vector<registry::Payee> payees;
    std::vector<PayeeTerms> own;
    std::vector<std::uint8_t> networks;
    bool all_common = true;
    bool all_first = true;
    payees.reserve(settings.orchestrators.size());
    networks.reserve(settings.orchestrators.size());
    for (std::size_t at = 0; at < settings.orchestrators.size(); ++at) {
        auto& orchestrator = settings.orchestrators[at];
        const auto policy =
            policies.place_of(config::policy_config(settings, orchestrator), cat("orchestrators[", at, "].policy"));
        const PayeeTerms terms{config::base_of(settings, orchestrator), policy.value_or(0)};
        all_common = all_common && terms.base == generation.common.base && terms.policy == 0;
        own.push_back(terms);
        networks.push_back(static_cast<std::uint8_t>(config::network_place(settings, orchestrator)));
        all_first = all_first && networks.back() == 0;
        for (std::size_t k = 0; k < orchestrator.checks.size(); ++k) {
            plan.checks.push_back(
                {orchestrator.id, std::move(orchestrator.checks[k]), cat("orchestrators[", at, "].checks[", k, "]")});
        }
        orchestrator.dispatch = config::dispatcher_of(settings, orchestrator);
        plan.update.dispatchers.insert(orchestrator.dispatch);
        payees.push_back(registry::payee_of(std::move(orchestrator)));
    }
    // Release the memory now, since there may be 100,000 of them; `= {}` would keep the capacity.
    settings.orchestrators = std::vector<config::Orchestrator>();
    if (!all_common) plan.update.own = std::move(own);
    if (!all_first) plan.update.networks = std::move(networks);
    plan.update.payees = std::move(payees);
}

// Whether the configuration has what the invitation of `one` names.
bool has_terms(const config::Settings& settings, const registry::Registration& one) {
    const auto has = [](const auto& list, const std::string& name, auto member) {
        return name.empty() || std::ranges::find(list, name, member) != list.end();
    };
    return has(settings.capabilities, one.capability, &config::Capability::name) &&
           has(settings.networks, one.network, &config::PaidNetwork::name);
}

// What its capability says of its dispatcher wins, since an invitation chooses that.
std::string dispatcher_of_registered(const config::Settings& settings, const std::string& capability) {
    const auto found = std::ranges::find(settings.capabilities, capability, &config::Capability::name);
    const bool says = found != settings.capabilities.end() && !found->dispatch.empty();
    return says ? std::string() : settings.registration.dispatch;
}

// As further entries of the configuration. Their own order among themselves is the store's, which has each endpoint,
// address and key once.
void add_registered(config::Settings& settings, const std::vector<registry::Registration>& approved,
                    ManagerPlan& plan) {
    plan.configured = std::make_shared<const registry::ConfiguredMarks>(settings.orchestrators);
    for (const auto& one : approved) {
        const bool full = settings.orchestrators.size() >= config::max_orchestrators;
        if (full || !plan.configured->taken(one.stated).empty()) {
            plan.left_out.push_back(one.stated.id);
            continue;
        }
        auto entry =
            registry::entry_of(one.stated, one.capability.empty() ? settings.registration.capability : one.capability);
        entry.network = one.network;
        entry.dispatch = dispatcher_of_registered(settings, entry.capability);
        if (!has_terms(settings, one)) {
            plan.without_terms.push_back(one.stated.id);
            continue;
        }
        plan.registered.insert(one.stated.id);
        settings.orchestrators.push_back(std::move(entry));
    }
}

std::string digest_of(const std::vector<registry::Payee>& payees, std::span<const std::uint8_t> networks) {
    Sha256Hasher hasher;
    for (const auto& payee : payees) {
        for (const auto* text : {&payee.key, &payee.address, &payee.service_addresses, &payee.capability,
                                 &payee.payout_address, &payee.worker_key, &payee.dispatch}) {
            hasher.add_number(text->size());
            hasher.add(*text);
        }
    }
    hasher.add(networks);
    const auto digest = hasher.finish();
    return {digest.begin(), digest.end()};
}

// Fills in the manager's witnesses, where the dispatcher has a use for them and names none itself.
void add_witness(plugin::Loader& loader, const config::Settings& settings, const config::Dispatch& dispatcher,
                 plugin::Prepared& prepared, const stipend_terms& terms, config::Diagnostics& diagnostics) {
    const auto filled = with_own_witness(settings, dispatcher.config, prepared.chosen.plugin->config_schema);
    auto json = config::plugin_json(filled);
    if (json == prepared.config_json) return;
    if (const auto tried = loader.try_config(prepared.chosen, json, terms); !tried) {
        diagnostics.add(settings.witness_pos, "witness",
                        cat("got an entry that ", prepared.chosen.plugin->id, " refuses: ", tried.error().message));
        return;
    }
    prepared.config_json = std::move(json);
}

// The plugins beside the policy, loaded and tried.
void add_instances(plugin::Loader& loader, const config::Settings& settings, config::Diagnostics& diagnostics,
                   ManagerPlan& plan) {
    const auto add = [&](const config::PluginRef& reference, std::string key, std::string name, const std::string& path,
                         const char* kind) {
        auto prepared = plugin::prepare(loader, reference, reference.config, path, kind, plan.terms, diagnostics);
        if (prepared) plan.instances.push_back({std::move(key), std::move(name), std::move(*prepared)});
    };
    const auto dispatchers = config::dispatchers_of(settings);
    for (std::size_t place = 0; place < dispatchers.size(); ++place) {
        const auto key = dispatch_key(dispatchers[place]->name);
        const auto before = plan.instances.size();
        add(*dispatchers[place], key, key, config::dispatch_option(place, "config"), STIPEND_DISPATCH);
        if (plan.instances.size() == before) continue;
        auto& added = plan.instances.back();
        // What they know of orchestrators they share, so that one that moves to another dispatcher leaves nothing.
        added.values = dispatch_key({});
        add_witness(loader, settings, *dispatchers[place], added.prepared, plan.terms, diagnostics);
    }
    const bool pays = settings.settlement == config::Settlement::ethereum;
    const auto networks = config::networks_of(settings);
    for (std::size_t place = 0; place < networks.size(); ++place) {
        const auto& network = *networks[place];
        const auto price = price_key(network);
        add(network.price, price, price, config::network_option(place, "price.config"), STIPEND_PRICE);
        if (!pays) continue;
        const auto settlement = settlement_key(network);
        add(network.payouts, settlement, settlement, config::network_option(place, "payouts.config"),
            STIPEND_SETTLEMENT);
    }
    for (std::size_t at = 0; at < settings.monitors.size(); ++at) {
        const auto& monitor = settings.monitors[at];
        add(monitor, runtime::monitor_key(monitor.name), monitor.name, cat("monitors[", at, "].config"),
            STIPEND_MONITOR);
    }
    // Without the listener there is no route to have.
    const bool serves = settings.api_listen != config::no_listener;
    for (std::size_t at = 0; serves && at < settings.api.plugins.size(); ++at) {
        const auto& page = settings.api.plugins[at];
        const auto name = page_name(page.prefix);
        add(page, name, name, cat("api.plugins[", at, "].config"), STIPEND_SERVICE);
    }
    for (std::size_t at = 0; at < settings.alerts.receivers.size(); ++at) {
        const auto& receiver = settings.alerts.receivers[at];
        add(receiver, runtime::receiver_key(receiver.name), alert::instance_name(receiver.name),
            cat("alerts.receivers[", at, "].config"), STIPEND_ALERT);
    }
}

// Whether the instance of that key has a part in what is paid.
bool pays(const config::Settings& settings, std::string_view key) {
    const auto networks = config::networks_of(settings);
    return key == dispatch_key({}) || key.starts_with(cat(dispatch_key({}), ":")) ||
           std::ranges::any_of(networks, [&](const config::PaidNetwork* network) {
               return key == price_key(*network) || key == settlement_key(*network);
           });
}

ledger::Generation row_of(const ManagerPlan& plan) {
    const auto& generation = *plan.update.generation;
    const auto own = own_terms_members(generation, *plan.update.payees, plan.update.own, plan.registered);
    const auto& first = *generation.policies.front();
    const auto& first_network = generation.networks.front().row;
    return {.id = 0,
            .at = 0,
            .policy = first.plugin_id(),
            .version = first.plugin_version(),
            .revision = first.revision(),
            .memory_version = first.memory_version(),
            .so_sha256 = plan.policy.chosen.library->staged.sha256,
            .config = plan.policy.config_json,
            .terms = cat("{\"interval_ns\":", generation.interval_ns,
                         ",\"base_usd_e8\":", generation.common.base.count_e8(), ledger::amounts_by_host,
                         first_network.symbol, "\",\"decimals\":", first_network.decimals, own, "}")};
}

}  // namespace

std::unique_ptr<ManagerPlan> make_manager_plan(plugin::Loader& loader, config::Settings settings,
                                               config::Diagnostics& diagnostics,
                                               const std::vector<registry::Registration>& approved) {
    auto plan = std::make_unique<ManagerPlan>();
    plan->terms = make_terms(settings.payment.interval_ns, settings.payment.base.count_e8());
    plan->update.generation = generation_of(settings);
    auto& generation = *plan->update.generation;
    Policies policies(loader, settings, diagnostics);
    const auto common =
        policies.place_of(config::overlay(settings.payment.policy.config, nullptr), "payment.policy.config");
    add_registered(settings, approved, *plan);
    add_payees(settings, policies, *plan);
    add_instances(loader, settings, diagnostics, *plan);
    check_plan(settings, *plan, diagnostics);
    if (!common || !diagnostics.empty()) return nullptr;
    plan->policy = *policies.first();
    std::vector<plugin::Chosen> paying{plan->policy.chosen};
    for (const auto& instance : plan->instances) {
        if (pays(settings, instance.key)) paying.push_back(instance.prepared.chosen);
    }
    if (const auto unique = plugin::check_unique_ids(paying); !unique) {
        diagnostics.add(settings.payment.policy.pos, "plugins", unique.error().message);
        return nullptr;
    }
    generation.policies = policies.take();
    generation.policy_configs = policies.take_configs();
    generation.row = row_of(*plan);
    const auto& payees = *plan->update.payees;
    SpendBook spend(generation, diagnostics);
    for (std::size_t at = 0; at < payees.size(); ++at) {
        spend.add(plan->update.own.empty() ? generation.common : plan->update.own[at]);
    }
    plan->spend = spend.total();
    plan->fees = largest_fees(generation.fees, payees.size());
    plan->payees_digest = digest_of(payees, plan->update.networks);
    plan->plugins = {settings.payment.policy.plugin};
    for (const auto* dispatcher : config::dispatchers_of(settings)) plan->plugins.push_back(dispatcher->plugin);
    for (const auto* network : config::networks_of(settings)) {
        plan->plugins.push_back(network->price.plugin);
        if (settings.settlement == config::Settlement::ethereum) plan->plugins.push_back(network->payouts.plugin);
    }
    for (const auto& monitor : settings.monitors) plan->plugins.push_back(monitor.plugin);
    for (const auto& page : settings.api.plugins) plan->plugins.push_back(page.plugin);
    for (const auto& receiver : settings.alerts.receivers) plan->plugins.push_back(receiver.plugin);
    plan->maintenance = runtime::Maintenance(settings.maintenance);
    plan->chosen.emplace_back("policy", plan->policy.chosen);
    for (const auto& instance : plan->instances) plan->chosen.emplace_back(instance.key, instance.prepared.chosen);
    plan->settings = std::move(settings);
    if (!diagnostics.empty()) return nullptr;
    return plan;
}

std::string spend_text(const Spend& spend) {
    return cat(spend.per_orchestrator.text(), " USD a day for one orchestrator at most, ", spend.all.text(),
               " USD a day for all ", spend.orchestrators);
}

std::string fees_text(const LargestFees& fees) {
    return cat(eth_text(fees.per_orchestrator), " a day for one orchestrator at most, ", eth_text(fees.all),
               " a day for all ", fees.orchestrators);
}

bool more_than_doubles(const Spend& now, const Spend& next) {
    return next.per_orchestrator > now.per_orchestrator.times_saturating(2) || next.all > now.all.times_saturating(2);
}

}  // namespace stipend::engine
