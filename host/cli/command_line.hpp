// How subcommands are added to the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "host/cli/commands.hpp"
#include "host/cli/policy_differences.hpp"

namespace stipend::cli {

// Each subcommand that reads the configuration takes -c; each that lists something takes --json.
inline CLI::App* command(CLI::App& parent, const std::string& name, const std::string& what, Common& common) {
    auto* app = parent.add_subcommand(name, what);
    app->add_option("-c,--config", common.config_file, "configuration file")->type_name("FILE")->capture_default_str();
    app->add_flag("--json", common.json, "answer as JSON");
    return app;
}

// For a command that asks a manager over its API.
inline void add_api_options(CLI::App& app, ApiTarget& api) {
    app.add_option("--url", api.url, "ask the manager there over its API, such as https://payer.example:8010");
    app.add_option(
           "--key", api.key_file,
           "a file whose first line is an API key, a token or an orchestrator's own secret; - for standard input "
           "(default: what STIPEND_API_KEY holds)")
        ->type_name("FILE");
    app.add_option("--ca", api.ca, "trust these authorities (PEM) instead of the system's")->type_name("FILE");
    app.add_flag("--plain-http", api.plain_http, "also without TLS beyond this machine");
}

// Options that are filled while the command line is read.
struct AccessOptions {
    OrchestratorOptions orchestrator;
    RegisterOptions registered;
    OrchestratorImportOptions imported;
    InviteOptions invite;
    UserOptions user;
    ApiKeyOptions key;
};
struct PolicyOptions {
    EvalOptions eval;
    DifferenceOptions differences;
    LintOptions lint;
    ReplayOptions replay;
};
struct LedgerOptions {
    VerifyOptions verify;
    ProofOptions proof;
    ExportOptions exported;
    ArchiveOptions archive;
    BackupOptions backup;
    RestoreOptions restore;
};

// `explain`. All outlive `app`.
void add_explain_command(CLI::App& app, ExplainOptions& options, int& status);
// Of `policy`. All outlive `app`.
void add_policy_commands(CLI::App& app, PolicyOptions& options, int& status);
// Of `worker`. All outlive `app`.
void add_worker_commands(CLI::App& app, JoinOptions& options, int& status);
// Of `user`, `api-key` and `orchestrators`. All outlive `app`.
void add_access_commands(CLI::App& app, AccessOptions& options, int& status);
// Of `ledger`. All outlive `app`.
void add_ledger_commands(CLI::App& app, LedgerOptions& options, Common& common, int& status);
// Of `objections`. All outlive `app`.
void add_objection_commands(CLI::App& app, ObjectionOptions& options, int& status);
// Of `receipt` and `statement`. All outlive `app`.
void add_receipt_commands(CLI::App& app, ReceiptOptions& receipt, StatementOptions& statement, int& status);
// `report`. All outlive `app`.
void add_report_command(CLI::App& app, ReportOptions& options, int& status);
// Of `payouts` and `reconcile`. All outlive `app`.
void add_payout_commands(CLI::App& app, PayoutOptions& options, ReconcileOptions& reconciled, int& status);

}  // namespace stipend::cli
