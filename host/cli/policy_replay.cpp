// `stipend policy replay`: recorded history decided again, by the policies that decided it and by another
// configuration or plugin.
#include <fmt/format.h>

#include <array>

#include "host/base/file.hpp"
#include "host/base/printable.hpp"
#include "host/base/time.hpp"
#include "host/cli/answer.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/moment.hpp"
#include "host/cli/policy_differences.hpp"
#include "host/cli/table.hpp"
#include "host/config/yaml.hpp"
#include "host/engine/demand_replay.hpp"
#include "host/engine/explain_policy.hpp"
#include "host/engine/history_run.hpp"
#include "stipend/record.hpp"

namespace stipend::cli {
namespace {

constexpr std::uintmax_t max_overlay_bytes = 1 << 20;

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

std::string range_text(const engine::HistorySum& sum) {
    return sum.low == sum.high ? sum.low.text() : cat(sum.low.text(), " .. ", sum.high.text());
}

// In whole seconds: "2d 3h", "11m 40s".
std::string rough_time(std::int64_t ns) {
    using Unit = std::pair<std::int64_t, std::string_view>;
    constexpr std::array<Unit, 4> units{{{s_per_day, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}}};
    if (ns == 0) return "-";
    auto left = ns / ns_per_s;
    if (left == 0) return "<1s";
    std::string out;
    int parts = 0;
    for (const auto& [seconds, unit] : units) {
        if (left >= seconds && parts < 2) out += cat(out.empty() ? "" : " ", left / seconds, unit);
        if (!out.empty()) ++parts;
        left %= seconds;
    }
    return out;
}

std::vector<Table::Cell> row_of(const std::string& name, const engine::HistorySum& sum) {
    const auto colour = [&](Usd low, Usd high) {
        return low > sum.recorded ? Colour::good : high < sum.recorded ? Colour::bad : Colour::none;
    };
    return {{printable_line(name)},
            {cat(sum.decisions)},
            {sum.recorded.text()},
            {sum.again.text(), colour(sum.again, sum.again)},
            {range_text(sum), colour(sum.low, sum.high)},
            {rough_time(sum.unobserved_ns)},
            {cat(sum.flips)}};
}

int print_not_reproduced(std::FILE* out, const engine::PolicyHistory& history) {
    for (const auto& one : history.problems()) fmt::print(out, "DIFFERS  {}\n", printable_line(one));
    fmt::print(out,
               "{} of {} decisions are not what their own policy comes to now, so nothing is compared: see `stipend "
               "explain`\n",
               history.not_reproduced(), history.decisions());
    return exit_differs;
}

void print_demand(std::FILE* out, const Json& demand) {
    if (demand.is(Json::Kind::null)) return;
    const auto text = [&](std::string_view name) { return demand.find(name)->text(); };
    fmt::print(out, "factor of demand, {}: {} .. {} over {} cycles, {} at the end\n",
               text("by") == "recorded" ? "as recorded" : "by payment.demand", text("least"), text("most"),
               text("cycles"), text("last"));
}

void print_sums(std::FILE* out, const engine::PolicyHistory& history, const Json& policy, const Json& demand) {
    fmt::print(out, "{} decisions, each reproduced by the policy that made it\n", history.decisions());
    const auto shown = [&](std::string_view name) { return printable_line(policy.find(name)->text()); };
    fmt::print(
        out, "decided again by {} {}, {}{}\n", shown("id"), shown("version"), shown("file"),
        policy.find("configured")->truth() ? "" : ": it begins with an empty memory, and has its own from then on");
    print_demand(out, demand);
    Table table({{"ORCHESTRATOR", false, true},
                 {"CHECKS", true},
                 {"RECORDED", true},
                 {"THESE CHECKS", true},
                 {"SIMULATED USD", true},
                 {"UNOBSERVED", true},
                 {"TIERS", true}});
    for (const auto& [key, sum] : history.sums()) table.add(row_of(key, sum));
    const auto total = history.total();
    table.add(row_of("all", total));
    table.print(out);
    if (total.waits > 0) {
        fmt::print(out, "decisions after which the next check would come at another time: {}\n", total.waits);
    }
    if (total.held > 0) fmt::print(out, "checks that it holds, deciding nothing: {}\n", total.held);
    if (total.unobserved_ns == 0) return;
    fmt::print(out, "time that its own checks ask about and that was not observed, as down .. as up: {}\n",
               rough_time(total.unobserved_ns));
}

std::string_view action_name(std::int32_t action) {
    return action == STIPEND_PAY ? "pay" : (action == STIPEND_SKIP ? "skip" : "hold");
}

// Prints a decision that comes out otherwise; true where it does.
bool print_difference(std::FILE* out, const ledger::DecisionLine& line, const stipend_decision& other) {
    const auto& d = line.decision;
    const std::string_view tier(other.tier, strnlen(other.tier, sizeof other.tier));
    const bool suspended = (other.flags & STIPEND_DECISION_SUSPENDED) != 0;
    auto recorded = Json::object(), decided = Json::object();
    const auto compare = [&](const char* field, Json was, Json is) {
        if (was == is) return;
        recorded.set(field, std::move(was));
        decided.set(field, std::move(is));
    };
    compare("action", action_name(static_cast<std::int32_t>(d.action)), action_name(other.action));
    compare("amount_usd", d.usd.text(), Usd::of_e8(other.amount_usd_e8).text());
    if (other.action != STIPEND_HOLD) {
        compare("tier", d.tier, Json(tier));
        compare("delay_ns", d.delay_ns, other.delay_ns);
        compare("penalty_ns", d.penalty_ns, other.penalty_ns);
        compare("consecutive_failures", d.consecutive_failures, other.consecutive_failures);
        compare("suspended", d.suspended, suspended);
    }
    if (recorded.members().empty()) return false;
    const auto json = Json::object()
                          .set("orchestrator", line.key)
                          .set("epoch", Json::of_number(std::to_string(d.epoch)))
                          .set("decided_at", utc_text(d.decided_at))
                          .set("recorded", std::move(recorded))
                          .set("decided", std::move(decided));
    fmt::print(out, "{}\n", json.dump());
    return true;
}

int end_of_differences(const engine::PolicyHistory& history, std::uint64_t differ) {
    for (const auto& one : history.problems()) print_notice(cat("not reproduced: ", printable_line(one)));
    print_notice(cat(differ, " of ", history.decisions(), " decisions come out otherwise; ", history.not_reproduced(),
                     " are not what their own policy comes to now"));
    return differ == 0 && history.not_reproduced() == 0 ? exit_good : exit_differs;
}

// Sums, or each decision that comes out otherwise.
enum class Shows : std::uint8_t { sums, differences };

int replay_history(const ReplayOptions& options, Shows shows) {
    const auto now = SystemClock().now();
    ledger::DecisionFilter filter{.brief = true};
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
    engine::OtherPolicies others(
        loader, *settings, {.file = options.plugin, .keeps_configuration = options.keep_config}, *overlay, diagnostics);
    if (!others.load()) return print_diagnostics(diagnostics, options.common.json);
    const engine::PolicyHistory::OtherSource other = [&](const std::string& key, Usd base) {
        return others.of(key, base);
    };
    const auto rules = engine::demand_rules_of(*settings);
    if (options.demand && !rules) {
        return print_error(
            fail(STIPEND_E_INVALID, "--demand: payment.demand.target is 0, want the rules to compute by"));
    }
    const auto demand = engine::DemandReplay::read(**asked, options.demand ? rules : std::nullopt);
    if (!demand) return print_error(demand.error());
    engine::PolicyHistory history(**asked, policies, present, other);
    history.set_demand([&](ledger::Seq seq) { return demand->at(seq); });
    std::uint64_t differ = 0;
    if (shows == Shows::differences) {
        history.set_observer([&](const ledger::DecisionLine& line, const stipend_decision& decision) {
            if (print_difference(answer.file(), line, decision)) ++differ;
        });
    }
    const auto done = engine::run_history(**read, filter, options.orchestrator, history);
    if (!diagnostics.empty()) return print_diagnostics(diagnostics, options.common.json);
    if (!done) return print_error(done.error());
    if (shows == Shows::differences) return end_of_differences(history, differ);
    auto factors = demand->json(from->value_or(0), to->value_or(INT64_MAX));
    if (options.common.json) {
        const auto out = engine::to_json(history, others.described()).append("demand", std::move(factors));
        fmt::print(answer.file(), "{}\n", out.dump());
        return history.not_reproduced() == 0 ? exit_good : exit_differs;
    }
    if (history.not_reproduced() > 0) return print_not_reproduced(answer.file(), history);
    print_sums(answer.file(), history, others.described(), factors);
    return exit_good;
}

}  // namespace

int policy_replay(const ReplayOptions& options) {
    return replay_history(options, Shows::sums);
}

int policy_differences(const Common& common, const DifferenceOptions& options) {
    ReplayOptions replayed{.common = common};
    replayed.from = options.from;
    replayed.to = options.to;
    replayed.orchestrator = options.orchestrator;
    return replay_history(replayed, Shows::differences);
}

}  // namespace stipend::cli
