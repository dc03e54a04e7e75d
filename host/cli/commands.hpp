// The subcommands: each takes what the command line said and returns the exit status.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "host/cli/api_client.hpp"
#include "host/cli/context.hpp"
#include "host/ledger/rows.hpp"
#include "stipend/json.hpp"

namespace stipend::cli {

struct EvalOptions {
    Common common;
    std::string base_usd;     // empty: as configured
    std::string usd_per_eth;  // empty: 2000
    std::string interval;     // empty: as configured
};
int policy_eval(const EvalOptions& options);
struct LintOptions {
    Common common;
    std::string cliff;  // in percent; empty: any
};
int policy_lint(const LintOptions& options);
struct ReplayOptions {
    Common common;
    std::string from, to;      // times, or how long ago; empty: all
    std::string orchestrator;  // empty: all
    std::string table;         // a file that is laid over the policy's configuration; empty: that as it is now
    std::string plugin;        // a file with another policy; empty: the one that is configured
    bool keep_config = false;  // another policy is given the configuration of the one that is configured
    bool demand = false;  // factors of demand are computed again by payment.demand; else they are the recorded ones
};
int policy_replay(const ReplayOptions& options);

// Why a decision is what it is; with or without a running host.
struct ExplainOptions {
    Common common;
    std::int64_t decision = 0;  // its place in the chain; with `orchestrator` its epoch; 0: by `at`
    std::string orchestrator, at;
    ApiTarget api;  // asked instead of the ledger of the state folder
};
int explain(const ExplainOptions& options);
// Prints what engine::explain made. Returns exit_differs where it is not what is recorded, exit_bad where that is not
// known.
int print_explained(std::FILE* out, const Json& explained, bool json);

struct RunOptions {
    Common common;
    bool once = false;        // one cycle of what is due, without a listener
    bool new_ledger = false;  // although there are traces of an earlier one
};
int run(const RunOptions& options);

int status(const Common& common);
int plugins_status(const Common& common);

struct WatchOptions {
    Common common;
    std::string orchestrator;  // empty: all
    std::string after;         // the id of an event; empty: from now on
};
int watch(const WatchOptions& options);

struct ReloadOptions {
    Common common;
    bool accept_spend = false;
    bool undo = false;
    bool check = false;  // only say what would happen
};
int reload(const ReloadOptions& options);

struct AdjustOptions {
    Common common;
    std::string orchestrator, from, to, reason;
    std::string usd;       // empty: the base for each interval that stayed unpaid
    bool excuse = false;   // records the reason, pays nothing
    bool dry_run = false;  // only says what would be recorded
};
int adjust(const AdjustOptions& options);

struct PardonOptions {
    Common common;
    std::string orchestrator, from, to, reason;
    bool all = false;
    bool yes = false;      // that all are meant
    bool dry_run = false;  // only says what would change
};
int pardon(const PardonOptions& options);

// What orchestrators say against decisions; with or without a running host.
struct ObjectionOptions {
    Common common;
    std::string orchestrator;  // of `list`: empty for all
    std::string network;       // of `list`: one of `networks`; empty for all
    std::uint64_t epoch = 0;
    bool all = false;         // of `list`: also those that are answered
    std::string reason, usd;  // of `answer`; `usd` empty: nothing is paid
};
int objection_list(const ObjectionOptions& options);
int objection_show(const ObjectionOptions& options);
int objection_answer(const ObjectionOptions& options);

// Payouts on a chain; with or without a running host.
struct PayoutOptions {
    Common common;
    std::int64_t payout = 0;
    std::string orchestrator;  // of `list`: empty for all
    std::string network;       // of `list`: one of `networks`; empty for all
    bool all = false;          // of `list`: also those that are over
    std::string reason;        // of `hold` and `return`
    std::string as;            // of `unfreeze`: "paid" or "owed"; empty: it goes on, or is owed again, by the chain
};
int payout_list(const PayoutOptions& options);
int payout_show(const PayoutOptions& options);
int payout_order(const PayoutOptions& options, const std::string& action);  // "hold", "release", "return", "unfreeze"
struct ReconcileOptions {
    Common common;
    std::string since;                   // empty: all
    std::optional<std::string> network;  // none: all; empty: the first one
    bool accept_restored = false;        // lets a restored ledger pay again, whatever differs
    bool accept_foreign = false;         // records that something else used the payer's next nonces
};
int reconcile(const ReconcileOptions& options);

int alert_list(const Common& common);
struct SilenceOptions {
    Common common;
    std::string match;         // ids of alerts
    std::string time, reason;  // for a silence
};
int alert_silence(const SilenceOptions& options);
int alert_unsilence(const SilenceOptions& options);
struct AlertTestOptions {
    Common common;
    std::string receiver;  // empty: all
};
int alert_test(const AlertTestOptions& options);

struct PinOptions {
    Common common;
    std::string url;
    std::string store;  // where the fingerprint is kept; empty: nowhere
};
int byoc_pin(const PinOptions& options);

int config_schema(const Common& common, const std::string& role);  // "manager" or "worker"
int config_dump(const Common& common);
int check(const Common& common);

int config_reference(const Common& common);
int config_api_reference(const Common& common);

struct VerifyOptions {
    Common common;
    std::vector<std::string> archives;
    std::string head;   // SEQ:HASH that must lie on the chain
    std::string heads;  // a file of signed heads that must be of it
    std::string file;   // empty: the ledger of the state folder
};
int ledger_verify(const VerifyOptions& options);
int ledger_balance(const Common& common);
struct ProofOptions {
    Common common;
    std::string orchestrator;
    std::uint64_t epoch = 0;
    std::string file;    // to check; "-": standard input
    std::string signer;  // hex of the key that must have signed; empty: any
};
int ledger_head(const Common& common);
int ledger_proof(const ProofOptions& options);
int ledger_check_proof(const ProofOptions& options);
struct ReceiptOptions {
    Common common;
    std::int64_t payout = 0;
    std::string file;     // to verify; "-": standard input
    std::string address;  // that must have signed; empty: any
};
int receipt_key(const Common& common);
int receipt_show(const ReceiptOptions& options);
int receipt_verify(const ReceiptOptions& options);
struct StatementOptions {
    Common common;
    std::string orchestrator, month;
    std::string network;  // "42161:USDC"; empty: the one that it is on
    std::string format = "json";
    std::string output;  // a file; empty: standard output
};
int statement(const StatementOptions& options);
// Analyses of what is recorded; with or without a running host.
struct ReportOptions {
    Common common;
    std::string report;
    std::string from, to;  // times, or how long ago; empty: 30 days ago, and now
    std::string month;     // instead of both
    std::string by, orchestrator;
    bool csv = false;
    bool html = false;
};
int report(const ReportOptions& options);
struct ExportOptions {
    Common common;
    std::string kind = "decisions";
    std::string orchestrator, from, to;
};
int ledger_export(const ExportOptions& options);
struct ArchiveOptions {
    Common common;
    std::string before, file;
};
int ledger_archive(const ArchiveOptions& options);
struct BackupOptions {
    Common common;
    std::string file;
    bool if_any = false;
};
int ledger_backup(const BackupOptions& options);
struct RestoreOptions {
    Common common;
    std::string file;
    bool replace = false;
};
int ledger_restore(const RestoreOptions& options);

// Accounts and API keys of the manager's API; with or without a running host.
struct UserOptions {
    Common common;
    std::string name;
    std::string role = "viewer";
    std::string password_file;  // "-": standard input; empty: a prompt
    bool generate = false;      // a password, which is shown once
};
int user_add(const UserOptions& options);
int user_passwd(const UserOptions& options);
int user_list(const Common& common);
int user_remove(const UserOptions& options);
struct ApiKeyOptions {
    Common common;
    std::string name, id;
    std::string role = "viewer";
    std::string scopes;      // empty: all that the role has
    std::string expires_in;  // empty: never
};
int api_key_add(const ApiKeyOptions& options);
int api_key_list(const Common& common);
int api_key_revoke(const ApiKeyOptions& options);

// Orchestrators that joined over the network; with or without a running host.
struct OrchestratorOptions {
    Common common;
    ApiTarget api;  // asked instead of the host of the state folder
    std::string id;
    bool revoke = false;  // of rotate-secret: no new one
};
struct RegisterOptions {
    Common common;
    ApiTarget api;
    std::string id, endpoint, payout_address, worker_key;
    std::vector<std::string> capabilities, service_addresses;
};
// Over the API: "list", "show", "register", "update", and what orchestrator_change takes.
int orchestrators_over_api(const RegisterOptions& options, const std::string& action);
struct OrchestratorImportOptions {
    Common common;
    std::string file;
    bool update = false;
    bool dry_run = false;
};
int orchestrator_import(const OrchestratorImportOptions& options);
int orchestrator_list(const OrchestratorOptions& options);
// "approve", "disconnect", "remove", "rotate", "revoke"
int orchestrator_change(const OrchestratorOptions& options, const std::string& action);

// Invitations by which orchestrators join: of a running host, or over the API.
struct InviteOptions {
    Common common;
    ApiTarget api;
    std::string manager_url;  // empty: the API's own origin, or the URL that is asked
    std::string expires_in, capability, network;
    bool approve = false;
    std::string id;  // of `revoke-invitation`
};
int orchestrator_invite(const InviteOptions& options);
int orchestrator_invitations(const InviteOptions& options);
int orchestrator_revoke_invitation(const InviteOptions& options);

// A worker that joins a manager.
struct JoinOptions {
    Common common;
    std::string url, token_file, ca;
    std::string id, endpoint, payout_address, capability;
    std::string orchestrator, orchestrator_secret_file, orchestrator_cert;
    std::vector<std::string> watch;
    std::string state = "/var/lib/stipend-worker";
    std::string plugins;
    std::string listen = "127.0.0.1:9876";
    std::string worker_url;  // empty: http:// and `listen`
    std::string metrics = "127.0.0.1:9109";
    std::string wait = "10m";
    bool dry_run = false;
    bool no_start = false;
};
int worker_join(const JoinOptions& options);

int plugins_list(const Common& common);
int plugins_inspect(const Common& common, const std::string& file);

}  // namespace stipend::cli
