// `stipend policy lint`: what the configured policy pays for each uptime, and what is wrong with that.
#include "host/engine/policy_lint.hpp"

#include <fmt/format.h>

#include <set>

#include "host/base/printable.hpp"
#include "host/cli/answer.hpp"
#include "host/cli/commands.hpp"
#include "host/config/environment.hpp"
#include "host/config/load.hpp"
#include "host/plugin/prepare.hpp"
#include "stipend/record.hpp"

namespace stipend::cli {
namespace {

constexpr std::size_t max_linted = 256;  // distinct configurations

// A configuration of the policy with what is paid by it.
struct Linted {
    std::string path;
    config::Tree tree;
    Usd base;
};

// The common one, and those of orchestrators and capabilities that differ from it.
std::vector<Linted> linted_of(const config::Settings& settings) {
    const auto& policy = settings.payment.policy;
    std::vector<Linted> out{{"payment.policy.config", config::overlay(policy.config, nullptr), settings.payment.base}};
    std::set<std::pair<std::string, std::int64_t>> known{
        {config::plugin_json(policy.config), settings.payment.base.count_e8()}};
    for (std::size_t at = 0; at < settings.orchestrators.size() && out.size() < max_linted; ++at) {
        const auto& one = settings.orchestrators[at];
        const auto tree = config::policy_config(settings, one);
        const auto base = config::base_of(settings, one);
        if (!known.emplace(config::plugin_json(tree), base.count_e8()).second) continue;
        out.push_back({cat("orchestrators[", at, "].policy"), tree, base});
    }
    return out;
}

bool names(const config::Node& mapping, const std::string& tier) {
    return std::ranges::any_of(mapping.children, [&](const config::Node& child) {
        return child.is(config::Node::Kind::scalar) && child.text == tier;
    });
}

// The place of the mapping that names that tier: within the part that a value at the top names, where there is one.
void find_tier(const config::Node& node, const std::string& tier, const config::Node& root, bool chosen,
               std::optional<config::SourcePos>& best, bool& best_chosen) {
    if (&node != &root && node.is(config::Node::Kind::mapping) && names(node, tier) &&
        (!best || chosen > best_chosen)) {
        best = node.pos;
        best_chosen = chosen;
    }
    for (const auto& child : node.children) {
        find_tier(child, tier, root, chosen || (!child.key.empty() && names(root, child.key)), best, best_chosen);
    }
}

config::SourcePos place_of(const Linted& linted, const std::string& tier, config::SourcePos fallback) {
    std::optional<config::SourcePos> best;
    bool chosen = false;
    if (linted.tree && !tier.empty()) find_tier(*linted.tree, tier, *linted.tree, false, best, chosen);
    if (best && best->line > 0) return *best;
    return linted.tree && linted.tree->pos.line > 0 ? linted.tree->pos : fallback;
}

Result<std::optional<std::uint32_t>> cliff_of(const std::string& text) {
    if (text.empty()) return std::optional<std::uint32_t>();
    auto ppm = percent_to_ppm(text);
    if (!ppm) return std::move(ppm).error().in("--cliff");
    return std::optional(*ppm);
}

Json step_json(const engine::LintStep& step) {
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

Json report_json(const Linted& linted, const engine::LintReport& report) {
    auto steps = Json::array();
    for (const auto& step : report.steps) steps.push(step_json(step));
    return Json::object()
        .append("path", linted.path)
        .append("base_usd", linted.base.text())
        .append("uptimes_decided", report.decided)
        .append("steps", report.steps_total)
        .append("table", std::move(steps))
        .append("largest_usd_per_day", report.largest_per_day.text())
        .append("findings", report.findings_total);
}

void print_report(std::FILE* out, const Linted& linted, const engine::LintReport& report) {
    fmt::print(out, "{}, base {} USD: {} uptimes decided, in {} steps\n", linted.path, linted.base.text(),
               report.decided, report.steps_total);
    fmt::print(out, "  {:>9}  {:>9}  {:<16}{:>10}{:>14}{:>12}{:>16}\n", "from %", "to %", "tier", "x", "USD",
               "next after", "USD a minute");
    for (const auto& step : report.steps) {
        fmt::print(out, "  {:>9}  {:>9}  {:<16}{:>10}{:>14}{:>12}{:>16}\n", ppm_to_percent(step.from_ppm),
                   ppm_to_percent(step.to_ppm), step.held ? "(nothing)" : printable_line(step.tier),
                   scaled_text(step.multiplier_ppm, 6), step.usd.text(), duration_text(step.next_ns),
                   step.per_minute().text());
    }
    if (report.steps_total > report.steps.size()) {
        fmt::print(out, "  and {} more\n", report.steps_total - report.steps.size());
    }
    fmt::print(out, "  at most {} USD a day for one orchestrator\n", report.largest_per_day.text());
}

// What one orchestrator earns in a day at most, for each that is configured.
Usd largest_of_all(const config::Settings& settings, const std::map<std::pair<std::string, std::int64_t>, Usd>& by) {
    Usd sum;
    for (const auto& one : settings.orchestrators) {
        const auto found = by.find(
            {config::plugin_json(config::policy_config(settings, one)), config::base_of(settings, one).count_e8()});
        if (found != by.end()) sum = sum.plus_saturating(found->second);
    }
    return std::min(sum, settings.limits.accrual_per_day);
}

}  // namespace

int policy_lint(const LintOptions& options) {
    const auto cliff = cliff_of(options.cliff);
    if (!cliff) return print_error(cliff.error()), exit_usage;
    config::Diagnostics diagnostics;
    const auto loaded = config::load(options.common.config_file, config::ProcessEnvironment(), diagnostics);
    if (!diagnostics.empty()) return print_diagnostics(diagnostics, options.common.json);
    const auto& settings = loaded.settings;
    const auto trial = TrialFolder::create();
    if (!trial) return print_error(trial.error());
    const AnswerStream answer;
    plugin::Loader loader(trial->loader_options(settings));
    const auto& policy = settings.payment.policy;
    auto reports = Json::array();
    std::map<std::pair<std::string, std::int64_t>, Usd> largest;
    for (const auto& linted : linted_of(settings)) {
        const auto terms = make_terms(settings.payment.interval_ns, linted.base.count_e8());
        // What the plugin itself finds: a gap or an overlap in its table.
        const auto prepared =
            plugin::prepare(loader, policy, linted.tree, linted.path, STIPEND_POLICY, terms, diagnostics);
        if (!prepared) continue;
        const auto& library = *prepared->chosen.library;
        const auto made = plugin::PolicyInstance::create(*library.entry, *prepared->chosen.plugin,
                                                         library.staged.source, "lint", prepared->config_json, terms);
        if (!made) {
            diagnostics.add(policy.pos, linted.path, made.error().message);
            continue;
        }
        const auto report = engine::lint_policy(**made, {.interval_ns = settings.payment.interval_ns,
                                                         .base = linted.base,
                                                         .most_per_day = settings.limits.accrual_per_orchestrator_day,
                                                         .cliff_ppm = *cliff});
        for (const auto& one : report.findings) {
            diagnostics.add(place_of(linted, one.tier, policy.pos), linted.path, one.what);
        }
        largest[{prepared->config_json, linted.base.count_e8()}] = report.largest_per_day;
        reports.push(report_json(linted, report));
        if (!options.common.json) print_report(answer.file(), linted, report);
    }
    const auto all = largest_of_all(settings, largest);
    const auto count = settings.orchestrators.size();
    if (options.common.json) {
        fmt::print(answer.file(), "{}\n",
                   Json::object()
                       .append("policies", std::move(reports))
                       .append("orchestrators", count)
                       .append("largest_usd_per_day_all", all.text())
                       .append("findings", diagnostics.json())
                       .dump());
        return diagnostics.empty() ? exit_good : exit_bad;
    }
    fmt::print(answer.file(), "at most {} USD a day for all {} that are configured\n", all.text(), count);
    std::fflush(answer.file());
    return print_diagnostics(diagnostics, false);
}

}  // namespace stipend::cli
