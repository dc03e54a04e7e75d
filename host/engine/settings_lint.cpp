#include "host/engine/settings_lint.hpp"

#include <algorithm>
#include <map>

#include "host/config/plugin_config.hpp"
#include "host/plugin/prepare.hpp"
#include "stipend/record.hpp"

namespace stipend::engine {
namespace {

// By what one policy differs from another.
using PolicyKey = std::pair<std::string, std::int64_t>;

PolicyKey key_of(const config::Tree& tree, Usd base) {
    return {config::plugin_json(tree), base.count_e8()};
}

bool names_tier(const config::Node& mapping, const std::string& tier) {
    return std::ranges::any_of(mapping.children, [&](const config::Node& child) {
        return child.is(config::Node::Kind::scalar) && child.text == tier;
    });
}

// The place of the mapping that names that tier: within the part that a value at the top names, where there is one.
void find_tier(const config::Node& node, const std::string& tier, const config::Node& root, bool chosen,
               std::optional<config::SourcePos>& best, bool& best_chosen) {
    if (&node != &root && node.is(config::Node::Kind::mapping) && names_tier(node, tier) &&
        (!best || chosen > best_chosen)) {
        best = node.pos;
        best_chosen = chosen;
    }
    for (const auto& child : node.children) {
        find_tier(child, tier, root, chosen || (!child.key.empty() && names_tier(root, child.key)), best, best_chosen);
    }
}

config::SourcePos place_of(const LintedPolicy& linted, const std::string& tier, config::SourcePos fallback) {
    std::optional<config::SourcePos> best;
    bool chosen = false;
    if (!tier.empty()) find_tier(*linted.tree, tier, *linted.tree, false, best, chosen);
    if (best && best->line > 0) return *best;
    return linted.tree->pos.line > 0 ? linted.tree->pos : fallback;
}

Json step_json(const LintStep& step) {
    return Json::object()
        .append("from_ppm", step.from_ppm)
        .append("to_ppm", step.to_ppm)
        .append("tier", step.tier)
        .append("decided", !step.held)
        .append("multiplier", scaled_text(step.multiplier_ppm, 6))
        .append("amount_usd", step.usd.text())
        .append("next_in_seconds", scaled_text(step.next_ns, 9))
        .append("usd_per_minute", step.per_minute().text());
}

Result<std::shared_ptr<const plugin::PolicyInstance>> make_linted(const plugin::Prepared& prepared,
                                                                  const stipend_terms& terms,
                                                                  std::int64_t patience_ns) {
    const auto& library = *prepared.chosen.library;
    const auto& shown_as = library.staged.source;
    if (patience_ns > 0) {
        STIPEND_LET(guarded,
                    plugin::PolicyInstance::create_guarded(patience_ns, *library.entry, *prepared.chosen.plugin,
                                                           shown_as, "lint", prepared.config_json, terms));
        return std::shared_ptr<const plugin::PolicyInstance>(std::move(guarded));
    }
    STIPEND_LET(plain, plugin::PolicyInstance::create(*library.entry, *prepared.chosen.plugin, shown_as, "lint",
                                                      prepared.config_json, terms));
    return std::shared_ptr<const plugin::PolicyInstance>(std::move(plain));
}

// What one orchestrator earns in a day at most, for each that is configured.
Usd largest_of_all(const config::Settings& settings, const std::map<PolicyKey, Usd>& by) {
    Usd sum;
    for (const auto& one : settings.orchestrators) {
        const auto found = by.find(key_of(config::policy_config(settings, one), config::base_of(settings, one)));
        if (found != by.end()) sum = sum.plus_saturating(found->second);
    }
    return std::min(sum, settings.limits.accrual_per_day);
}

}  // namespace

std::vector<LintedPolicy> linted_of(const config::Settings& settings, std::size_t most) {
    const auto common = config::overlay(settings.payment.policy.config, nullptr);
    std::vector<LintedPolicy> out{
        {.path = "payment.policy.config", .tree = common, .base = settings.payment.base, .orchestrators = {}}};
    std::map<PolicyKey, std::size_t> places{{key_of(common, settings.payment.base), 0}};
    for (std::size_t at = 0; at < settings.orchestrators.size(); ++at) {
        const auto& one = settings.orchestrators[at];
        const auto tree = config::policy_config(settings, one);
        const auto base = config::base_of(settings, one);
        std::size_t place = 0;
        // Most share the common one, so that their trees are the same object.
        if (tree != common || base != settings.payment.base) {
            const auto [known, fresh] = places.try_emplace(key_of(tree, base), out.size());
            if (fresh && out.size() == most) {
                places.erase(known);
                continue;
            }
            place = known->second;
            if (fresh) {
                out.push_back(
                    {.path = cat("orchestrators[", at, "].policy"), .tree = tree, .base = base, .orchestrators = {}});
            }
        }
        auto& policy = out[place];
        ++policy.orchestrators_total;
        if (policy.orchestrators.size() < LintedPolicy::max_named) policy.orchestrators.push_back(one.id);
    }
    return out;
}

Usd lint_settings(plugin::Loader& loader, const config::Settings& settings, const SettingsLint& lint,
                  config::Diagnostics& diagnostics) {
    const auto& policy = settings.payment.policy;
    std::map<PolicyKey, Usd> largest;
    for (const auto& linted : linted_of(settings, lint.most)) {
        const auto terms = make_terms(settings.payment.interval_ns, linted.base.count_e8());
        // What the plugin itself finds: a gap or an overlap in its table.
        const auto prepared =
            plugin::prepare(loader, policy, linted.tree, linted.path, STIPEND_POLICY, terms, diagnostics);
        if (!prepared) continue;
        const auto made = make_linted(*prepared, terms, lint.patience_ns);
        if (!made) {
            diagnostics.add(policy.pos, linted.path, made.error().message);
            continue;
        }
        const auto report = lint_policy(**made, {.interval_ns = settings.payment.interval_ns,
                                                 .base = linted.base,
                                                 .most_per_day = settings.limits.accrual_per_orchestrator_day,
                                                 .cliff_ppm = lint.cliff_ppm});
        for (const auto& one : report.findings) {
            diagnostics.add(place_of(linted, one.tier, policy.pos), linted.path, one.what);
        }
        largest[{prepared->config_json, linted.base.count_e8()}] = report.largest_per_day;
        if (lint.on_report) lint.on_report(linted, report);
    }
    return largest_of_all(settings, largest);
}

Json to_json(const LintedPolicy& policy, const LintReport& report) {
    auto steps = Json::array();
    for (const auto& step : report.steps) steps.push(step_json(step));
    return Json::object()
        .append("path", policy.path)
        .append("base_usd", policy.base.text())
        .append("uptimes_decided", report.decided)
        .append("steps", report.steps_total)
        .append("table", std::move(steps))
        .append("largest_usd_per_day", report.largest_per_day.text())
        .append("findings", report.findings_total);
}

}  // namespace stipend::engine
