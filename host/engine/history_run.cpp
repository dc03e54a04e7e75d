#include "host/engine/history_run.hpp"

#include <algorithm>

#include "host/config/plugin_config.hpp"
#include "host/engine/explain_policy.hpp"
#include "host/plugin/prepare.hpp"
#include "stipend/record.hpp"

namespace stipend::engine {
namespace {

constexpr std::uint64_t lines_between_questions = 1000;

}  // namespace

OtherPolicies::OtherPolicies(plugin::Loader& loader, const config::Settings& settings, Plugin plugin, config::Tree over,
                             config::Diagnostics& diagnostics, std::int64_t patience_ns)
    : loader_(loader),
      settings_(settings),
      over_(std::move(over)),
      reference_(settings.payment.policy),
      path_("payment.policy.config"),
      diagnostics_(diagnostics),
      patience_ns_(patience_ns) {
    if (plugin.file.empty()) return;
    if (diagnostics_.file().empty()) diagnostics_.set_source(plugin.file, {});
    reference_ = {.plugin = std::move(plugin.file), .id = {}, .sha256 = {}, .config = {}, .pos = {}};
    path_ = std::move(plugin.place);
    keeps_configuration_ = plugin.keeps_configuration;
}

bool OtherPolicies::load() {
    if (reference_.pos.line == 0 && !choose_configuration()) return false;
    return of("", settings_.payment.base).ok();
}

Result<PolicyHistory::Other> OtherPolicies::of(const std::string& orchestrator, Usd base) {
    const auto configured = is_configured_ || keeps_configuration_
                                ? config::policy_config(settings_, entry_of(settings_, orchestrator))
                                : nullptr;
    const auto tree = config::overlay(configured, over_);
    auto& made = made_[{config::plugin_json(tree), base.count_e8()}];
    if (!made) {
        STIPEND_SET(made, make(tree, base));
    }
    return PolicyHistory::Other{.policy = made};
}

Json OtherPolicies::described() const {
    return Json::object()
        .append("id", chosen_.plugin->id)
        .append("version", chosen_.plugin->version)
        .append("file", chosen_.library->staged.source.native())
        .append("sha256", chosen_.library->staged.sha256)
        .append("configured", is_configured_);
}

// The configuration of the host is for the plugin that it names, and not for one of another id, unless that is asked
// for.
bool OtherPolicies::choose_configuration() {
    const auto& configured = settings_.payment.policy;
    const auto known = loader_.load({configured.plugin, configured.id, configured.sha256, STIPEND_POLICY});
    const auto given = loader_.load({reference_.plugin, {}, {}, STIPEND_POLICY});
    for (const auto* one : {&known, &given}) {
        if (!*one) diagnostics_.add({}, one == &known ? "payment.policy" : path_, one->error().message);
    }
    if (!known || !given) return false;
    is_configured_ = known->plugin->id == given->plugin->id;
    return true;
}

Result<std::shared_ptr<const plugin::PolicyInstance>> OtherPolicies::make(const config::Tree& tree, Usd base) {
    using Made = std::shared_ptr<const plugin::PolicyInstance>;
    const auto terms = make_terms(settings_.payment.interval_ns, base.count_e8());
    const auto prepared = plugin::prepare(loader_, reference_, tree, path_, STIPEND_POLICY, terms, diagnostics_);
    if (!prepared) return fail(STIPEND_E_CONFIG, "the policy to compare with is refused");
    chosen_ = prepared->chosen;
    const auto& library = *chosen_.library;
    const auto create = [&]() -> Result<Made> {
        if (patience_ns_ > 0) {
            STIPEND_LET(guarded, plugin::PolicyInstance::create_guarded(patience_ns_, *library.entry, *chosen_.plugin,
                                                                        library.staged.source, "replay",
                                                                        prepared->config_json, terms));
            return Made(std::move(guarded));
        }
        STIPEND_LET(plain, plugin::PolicyInstance::create(*library.entry, *chosen_.plugin, library.staged.source,
                                                          "replay", prepared->config_json, terms));
        return Made(std::move(plain));
    };
    auto policy = create();
    if (!policy) diagnostics_.add({}, path_, policy.error().message);
    return policy;
}

Result<void> run_history(ledger::Ledger& read, const ledger::DecisionFilter& filter, const std::string& orchestrator,
                         PolicyHistory& history, const std::function<Result<void>()>& proceed) {
    stipend_unix_ns last = 0;
    std::uint64_t lines = 0;
    STIPEND_TRY(read.export_decisions(filter, [&](const ledger::DecisionLine& line) -> Result<void> {
        if (proceed && lines++ % lines_between_questions == 0) STIPEND_TRY(proceed());
        last = std::max(last, line.decision.decided_at);
        if (!orchestrator.empty() && line.key != orchestrator) return {};
        return history.take(line);
    }));
    return history.finish(last);
}

Json to_json(const HistorySum& sum) {
    return Json::object()
        .append("decisions", sum.decisions)
        .append("recorded_usd", sum.recorded.text())
        .append("usd_at_these_checks", sum.again.text())
        .append("simulated_usd_low", sum.low.text())
        .append("simulated_usd_high", sum.high.text())
        .append("simulated_checks_least", sum.least_checks)
        .append("simulated_checks_most", sum.most_checks)
        .append("unobserved_seconds", Json::of_number(scaled_text(sum.unobserved_ns, 9)))
        .append("other_tier", sum.flips)
        .append("other_wait", sum.waits)
        .append("held", sum.held);
}

Json to_json(const PolicyHistory& history, Json policy) {
    const bool reproduced = history.not_reproduced() == 0;
    auto problems = Json::array();
    for (const auto& one : history.problems()) problems.push(one);
    auto list = Json::array();
    for (const auto& [key, sum] : history.sums()) {
        if (reproduced) list.push(to_json(sum).append("orchestrator", key));
    }
    return Json::object()
        .append("decisions", history.decisions())
        .append("not_reproduced", history.not_reproduced())
        .append("problems", std::move(problems))
        .append("policy", std::move(policy))
        .append("orchestrators", std::move(list))
        .append("total", reproduced ? to_json(history.total()) : Json());
}

}  // namespace stipend::engine
