#include "host/cli/command_line.hpp"

namespace stipend::cli {

void add_report_command(CLI::App& app, ReportOptions& options, int& status) {
    auto* one = command(app, "report", "what uptime cost, how much there was, what failed, and what is to come",
                        options.common);
    one->add_option("REPORT", options.report, "which")
        ->required()
        ->check(CLI::IsMember({"cost", "uptime", "failures", "latency", "forecast", "sla", "prediction"}));
    one->add_option("--from", options.from,
                    "decided from this time on, such as 2026-11-22T06:00:00Z, or how long ago, such as 7d (default: "
                    "30d; of forecast and prediction: 56d)");
    one->add_option("--to", options.to, "decided before this time (default: now)");
    one->add_option("--month", options.month, "a month of UTC instead, such as 2026-11 (default of sla: this month)")
        ->excludes(one->get_option("--from"))
        ->excludes(one->get_option("--to"));
    one->add_option("--by", options.by, "a row for each tier, orchestrator or capability (default: one for all)")
        ->check(CLI::IsMember({"tier", "orchestrator", "capability"}));
    one->add_option("--orchestrator", options.orchestrator, "only this one");
    auto* csv = one->add_flag("--csv", options.csv, "print the rows as CSV");
    csv->excludes(one->get_option("--json"));
    one->add_flag("--html", options.html, "print a page for a browser or a printer")
        ->excludes(one->get_option("--json"))
        ->excludes(csv);
    one->callback([&] { status = report(options); });
}

}  // namespace stipend::cli
