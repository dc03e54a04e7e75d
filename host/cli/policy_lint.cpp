// `stipend policy lint`: what the configured policy pays for each uptime, and what is wrong with that.
#include <fmt/format.h>

#include "host/base/printable.hpp"
#include "host/cli/answer.hpp"
#include "host/cli/commands.hpp"
#include "host/config/environment.hpp"
#include "host/config/load.hpp"
#include "host/engine/settings_lint.hpp"
#include "stipend/record.hpp"

namespace stipend::cli {
namespace {

Result<std::optional<std::uint32_t>> cliff_of(const std::string& text) {
    if (text.empty()) return std::optional<std::uint32_t>();
    auto ppm = percent_to_ppm(text);
    if (!ppm) return std::move(ppm).error().in("--cliff");
    return std::optional(*ppm);
}

void print_report(std::FILE* out, const engine::LintedPolicy& linted, const engine::LintReport& report) {
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
    auto reports = Json::array();
    const auto all = engine::lint_settings(loader, settings,
                                           {.cliff_ppm = *cliff,
                                            .on_report =
                                                [&](const auto& linted, const engine::LintReport& report) {
                                                    reports.push(engine::to_json(linted, report));
                                                    if (!options.common.json)
                                                        print_report(answer.file(), linted, report);
                                                }},
                                           diagnostics);
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
