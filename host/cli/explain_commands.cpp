#include "host/cli/command_line.hpp"

namespace stipend::cli {

void add_explain_command(CLI::App& app, ExplainOptions& options, int& status) {
    auto* one = command(app, "explain", "why a decision is what it is, computed again", options.common);
    one->add_option("NUMBER", options.decision,
                    "the decision's place in the ledger; with --orchestrator the number of its epoch");
    one->add_option("--orchestrator", options.orchestrator, "whose decision");
    one->add_option("--at", options.at, "a time in its period, such as 2026-11-22T06:00:00Z");
    add_api_options(*one, options.api);
    one->callback([&] { status = explain(options); });
}

}  // namespace stipend::cli
