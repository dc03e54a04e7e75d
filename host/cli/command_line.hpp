// How subcommands are added to the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "host/cli/commands.hpp"

namespace stipend::cli {

// Each subcommand that reads the configuration takes -c; each that lists something takes --json.
inline CLI::App* command(CLI::App& parent, const std::string& name, const std::string& what, Common& common) {
    auto* app = parent.add_subcommand(name, what);
    app->add_option("-c,--config", common.config_file, "configuration file")->capture_default_str();
    app->add_flag("--json", common.json, "answer as JSON");
    return app;
}

// Options that are filled while the command line is read.
struct AccessOptions {
    OrchestratorOptions orchestrator;
    OrchestratorImportOptions imported;
    UserOptions user;
    ApiKeyOptions key;
};
struct LedgerOptions {
    VerifyOptions verify;
    ProofOptions proof;
    ExportOptions exported;
    ArchiveOptions archive;
    BackupOptions backup;
    RestoreOptions restore;
};

// Of `user`, `api-key` and `orchestrator`. All outlive `app`.
void add_access_commands(CLI::App& app, AccessOptions& options, int& status);
// Of `ledger`. All outlive `app`.
void add_ledger_commands(CLI::App& app, LedgerOptions& options, Common& common, int& status);
// Of `objections`. All outlive `app`.
void add_objection_commands(CLI::App& app, ObjectionOptions& options, int& status);
// Of `receipt` and `statement`. All outlive `app`.
void add_receipt_commands(CLI::App& app, ReceiptOptions& receipt, StatementOptions& statement, int& status);
// Of `payouts` and `reconcile`. All outlive `app`.
void add_payout_commands(CLI::App& app, PayoutOptions& options, ReconcileOptions& reconciled, int& status);

}  // namespace stipend::cli
