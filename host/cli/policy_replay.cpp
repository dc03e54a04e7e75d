// `stipend policy replay`: recorded history decided again, by the policies that decided it and by another
// configuration.
#include <fmt/format.h>

#include "host/base/file.hpp"
#include "host/base/printable.hpp"
#include "host/base/time.hpp"
#include "host/cli/answer.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/table.hpp"
#include "host/config/yaml.hpp"
#include "host/engine/explain_policy.hpp"
#include "host/engine/policy_history.hpp"
#include "host/plugin/prepare.hpp"
#include "stipend/duration.hpp"
#include "stipend/record.hpp"

namespace stipend::cli {
namespace {

constexpr std::uintmax_t max_overlay_bytes = 1 << 20;

// A time, or how long ago: "7d", "-7d".
Result<std::optional<stipend_unix_ns>> moment(std::string_view option, std::string_view text, stipend_unix_ns now) {
    if (text.empty()) return std::optional<stipend_unix_ns>();
    const auto ago = parse_duration(text.starts_with('-') ? text.substr(1) : text);
    if (ago) return std::optional(now - *ago);
    auto at = parse_utc(text);
    if (at) return std::optional(*at);
    return fail(STIPEND_E_INVALID, option, ": got \"", printable_line(clip(text, 60)),
                "\", want a time such as 2026-11-22T06:00:00Z, or how long ago, such as -7d");
}

// What is laid over the policy's configuration; NULL: nothing.
std::optional<config::Tree> read_overlay(const std::string& file, config::Diagnostics& diagnostics) {
    if (file.empty()) return config::Tree();
    auto text = read_file(file, max_overlay_bytes);
    if (!text) {
        diagnostics.add({}, file, text.error().message);
        return std::nullopt;
    }
    diagnostics.set_source(file, std::move(*text));
    auto root = config::parse_yaml(diagnostics.source(), diagnostics);
    if (root && !root->is(config::Node::Kind::mapping)) {
        diagnostics.add(root->pos, "", cat("got ", root->shown(), ", want a mapping, as below payment.policy.config"));
    }
    if (!root || !diagnostics.empty()) return std::nullopt;
    return std::make_shared<const config::Node>(std::move(*root));
}

// Makes the other policy, once for each configuration and base.
class OtherPolicies {
  public:
    OtherPolicies(plugin::Loader& loader, const config::Settings& settings, config::Tree overlay,
                  config::Diagnostics& diagnostics)
        : loader_(loader), settings_(settings), overlay_(std::move(overlay)), diagnostics_(diagnostics) {}

    Result<engine::PolicyHistory::Other> of(const std::string& orchestrator, Usd base) {
        const auto tree =
            config::overlay(config::policy_config(settings_, engine::entry_of(settings_, orchestrator)), overlay_);
        auto& made = made_[{config::plugin_json(tree), base.count_e8()}];
        if (!made) {
            STIPEND_SET(made, make(tree, base));
        }
        return engine::PolicyHistory::Other{.policy = made};
    }

  private:
    Result<std::shared_ptr<const plugin::PolicyInstance>> make(const config::Tree& tree, Usd base) {
        const auto terms = make_terms(settings_.payment.interval_ns, base.count_e8());
        const auto prepared = plugin::prepare(loader_, settings_.payment.policy, tree, "payment.policy.config",
                                              STIPEND_POLICY, terms, diagnostics_);
        if (!prepared) return fail(STIPEND_E_CONFIG, "the policy to compare with is refused");
        const auto& library = *prepared->chosen.library;
        STIPEND_LET(policy,
                    plugin::PolicyInstance::create(*library.entry, *prepared->chosen.plugin, library.staged.source,
                                                   "replay", prepared->config_json, terms));
        return std::shared_ptr<const plugin::PolicyInstance>(std::move(policy));
    }

    plugin::Loader& loader_;
    const config::Settings& settings_;
    const config::Tree overlay_;
    config::Diagnostics& diagnostics_;
    std::map<std::pair<std::string, std::int64_t>, std::shared_ptr<const plugin::PolicyInstance>> made_;
};

Json sum_json(const engine::HistorySum& sum) {
    return Json::object()
        .append("decisions", sum.decisions)
        .append("recorded_usd", sum.recorded.text())
        .append("usd_at_these_checks", sum.again.text())
        .append("usd_by_time", sum.again_by_time.text())
        .append("other_tier", sum.flips)
        .append("other_wait", sum.waits)
        .append("held", sum.held);
}

std::vector<Table::Cell> row_of(const std::string& name, const engine::HistorySum& sum) {
    const auto colour = [&](Usd again) {
        return again > sum.recorded ? Colour::good : again < sum.recorded ? Colour::bad : Colour::none;
    };
    return {{printable_line(name)},
            {cat(sum.decisions)},
            {sum.recorded.text()},
            {sum.again.text(), colour(sum.again)},
            {sum.again_by_time.text(), colour(sum.again_by_time)},
            {cat(sum.flips)},
            {cat(sum.waits)},
            {cat(sum.held)}};
}

int print_history(std::FILE* out, const engine::PolicyHistory& history, bool json) {
    const bool reproduced = history.not_reproduced() == 0;
    if (json) {
        auto problems = Json::array();
        for (const auto& one : history.problems()) problems.push(one);
        auto list = Json::array();
        for (const auto& [key, sum] : history.sums()) {
            if (reproduced) list.push(sum_json(sum).append("orchestrator", key));
        }
        fmt::print(out, "{}\n",
                   Json::object()
                       .append("decisions", history.total().decisions)
                       .append("not_reproduced", history.not_reproduced())
                       .append("problems", std::move(problems))
                       .append("orchestrators", std::move(list))
                       .append("total", reproduced ? sum_json(history.total()) : Json())
                       .dump());
        return reproduced ? exit_good : exit_differs;
    }
    if (!reproduced) {
        for (const auto& one : history.problems()) fmt::print(out, "DIFFERS  {}\n", printable_line(one));
        fmt::print(
            out,
            "{} of {} decisions are not what their own policy comes to now, so nothing is compared: see `stipend "
            "explain`\n",
            history.not_reproduced(), history.total().decisions);
        return exit_differs;
    }
    fmt::print(out, "{} decisions, each reproduced by the policy that made it\n", history.total().decisions);
    Table table({{"ORCHESTRATOR", false, true},
                 {"CHECKS", true},
                 {"RECORDED USD", true},
                 {"THESE CHECKS", true},
                 {"BY TIME", true},
                 {"TIERS", true},
                 {"WAITS", true},
                 {"HELD", true}});
    for (const auto& [key, sum] : history.sums()) table.add(row_of(key, sum));
    table.add(row_of("all", history.total()));
    table.print(out);
    return exit_good;
}

}  // namespace

int policy_replay(const ReplayOptions& options) {
    const auto now = SystemClock().now();
    ledger::DecisionFilter filter;
    const auto from = moment("--from", options.from, now);
    const auto to = moment("--to", options.to, now);
    if (!from || !to) return print_error((from ? to : from).error()), exit_usage;
    filter.from = *from;
    filter.to = *to;
    int status = exit_good;
    const auto settings = settings_for(Reads::terms, options.common, status);
    if (!settings) return status;
    config::Diagnostics diagnostics;
    const auto overlay = read_overlay(options.table, diagnostics);
    if (!overlay) return print_diagnostics(diagnostics, options.common.json);
    const auto read = open_ledger(*settings, ledger::Access::read_only);
    const auto asked = open_ledger(*settings, ledger::Access::read_only);
    if (!read || !asked) return print_error((read ? asked : read).error());
    const auto trial = TrialFolder::create();
    if (!trial) return print_error(trial.error());
    const AnswerStream answer;
    plugin::Loader loader(trial->loader_options(*settings));
    const engine::PolicyCode code(loader, settings->payment.policy.plugin, loader_options(*settings).staging, true);
    // One for each generation and configuration, however many orchestrators it decides.
    std::map<std::pair<ledger::GenerationId, std::string>, engine::PolicyInUse> made;
    const engine::PolicySource policies = [&](const ledger::Generation& row, const std::string& config,
                                              const stipend_terms& terms) -> Result<engine::PolicyInUse> {
        auto& one = made[{row.id, cat(terms.base_usd_e8, " ", config)}];
        if (!one.policy) {
            STIPEND_SET(one, code.make(row, config, terms));
        }
        return one;
    };
    const engine::TermsSource present = [&](const std::string& key) { return engine::present_terms(*settings, key); };
    OtherPolicies others(loader, *settings, *overlay, diagnostics);
    const engine::PolicyHistory::OtherSource other = [&](const std::string& key, Usd base) {
        return others.of(key, base);
    };
    engine::PolicyHistory history(**asked, policies, present, other);
    const auto done = (*read)->export_decisions(filter, [&](const ledger::DecisionLine& line) -> Result<void> {
        if (!options.orchestrator.empty() && line.key != options.orchestrator) return {};
        return history.take(line);
    });
    if (!diagnostics.empty()) return print_diagnostics(diagnostics, options.common.json);
    if (!done) return print_error(done.error());
    return print_history(answer.file(), history, options.common.json);
}

}  // namespace stipend::cli
