#include "host/cli/command_line.hpp"

namespace stipend::cli {

void add_ledger_commands(CLI::App& app, LedgerOptions& options, Common& common, int& status) {
    auto* ledger = app.add_subcommand("ledger", "what is recorded")->require_subcommand(1);
    auto& verify = options.verify;
    auto* verify_app = command(*ledger, "verify", "recompute everything that the ledger holds", verify.common);
    verify_app->add_option("--archive", verify.archives, "an archive, where it is not at its recorded place")
        ->type_name("FILE");
    verify_app->add_option("--head", verify.head, "SEQ:HASH of an earlier run, which must lie on the chain");
    verify_app
        ->add_option("--signed-heads", verify.heads, "a file of signed heads, each of which must be of this chain")
        ->type_name("FILE");
    verify_app->add_option("FILE", verify.file, "a backup or a copy (default: the ledger of the state folder)");
    verify_app->callback([&] { status = ledger_verify(verify); });
    command(*ledger, "balance", "what each orchestrator is owed, and what jobs cost", common)->callback([&] {
        status = ledger_balance(common);
    });
    command(*ledger, "head", "print the newest signed head", common)->callback([&] { status = ledger_head(common); });
    auto& proof = options.proof;
    auto* proof_app = command(*ledger, "proof", "print the proof that a decision is below a signed head", proof.common);
    proof_app->add_option("--orchestrator", proof.orchestrator, "its id")->required();
    proof_app->add_option("--epoch", proof.epoch, "the decision's number, as payments and `ledger export` have it")
        ->required();
    proof_app->callback([&] { status = ledger_proof(proof); });
    auto* check_proof_app =
        ledger->add_subcommand("check-proof", "check a proof, without the ledger or a configuration");
    check_proof_app->add_flag("--json", proof.common.json, "print JSON");
    check_proof_app->add_option("--signer", proof.signer, "the payer's key, which must have signed it");
    check_proof_app->add_option("FILE", proof.file, "the proof; - for standard input")->required();
    check_proof_app->callback([&] { status = ledger_check_proof(proof); });
    auto& exported = options.exported;
    auto* export_app =
        command(*ledger, "export",
                "print decisions, fees, manual payments or objections as JSON lines, in ledger order", exported.common);
    export_app->add_option("--kind", exported.kind, "what to print")
        ->check(CLI::IsMember({"decisions", "fees", "manual", "objections"}))
        ->capture_default_str();
    export_app->add_option("--orchestrator", exported.orchestrator, "only those of one orchestrator");
    export_app->add_option("--from", exported.from,
                           "decided, counted or paid at or after this time, such as 2026-11-22T06:00:00Z");
    export_app->add_option("--to", exported.to, "decided, counted or paid before this time");
    export_app->callback([&] { status = ledger_export(exported); });
    auto& archive = options.archive;
    auto* archive_app =
        command(*ledger, "archive",
                "move old decisions into a signed file of their own, with or without a running host", archive.common);
    archive_app->add_option("--before", archive.before, "what was decided before this date, or time (UTC)")->required();
    archive_app->add_option("FILE", archive.file, "the new archive")->required();
    archive_app->callback([&] { status = ledger_archive(archive); });

    auto& backup = options.backup;
    auto* backup_app = command(
        *ledger, "backup", "write all that is recorded into a new file, with or without a running host", backup.common);
    backup_app->add_option("FILE", backup.file, "the new file; FILE.json lists the archives")->required();
    backup_app->add_flag("--if-any", backup.if_any, "without a ledger, do nothing and succeed");
    backup_app->callback([&] { status = ledger_backup(backup); });
    auto& restore = options.restore;
    auto* restore_app =
        command(*ledger, "restore", "put a backup in the place of the ledger; no host may run", restore.common);
    restore_app->add_option("FILE", restore.file, "a backup; it stays as it is")->required();
    restore_app->add_flag("--replace", restore.replace, "move the present ledger aside");
    restore_app->callback([&] { status = ledger_restore(restore); });
}

}  // namespace stipend::cli
