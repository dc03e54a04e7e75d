#include "host/cli/command_line.hpp"

namespace stipend::cli {

void add_receipt_commands(CLI::App& app, ReceiptOptions& receipt, StatementOptions& statement_options, int& status) {
    auto* group = app.add_subcommand("receipt", "receipts of payouts, for their payees")->require_subcommand(1);
    command(*group, "key", "print the address of the key that signs them", receipt.common)->callback([&] {
        status = receipt_key(receipt.common);
    });
    auto* show = command(*group, "show", "print the receipt of a payout that is paid, as JSON", receipt.common);
    show->add_option("--payout", receipt.payout, "its number")->required();
    show->callback([&] { status = receipt_show(receipt); });
    auto* verify = group->add_subcommand(
        "verify", "check a receipt, or a statement in any of its forms, without the ledger or a configuration");
    verify->add_flag("--json", receipt.common.json, "print JSON");
    verify->add_option("--address", receipt.address, "the payer's address for receipts, which must have signed it");
    verify->add_option("FILE", receipt.file, "the receipt or statement; - for standard input")->required();
    verify->callback([&] { status = receipt_verify(receipt); });

    auto* one = command(app, "statement", "print what an orchestrator earned and was paid in a month, signed",
                        statement_options.common);
    one->add_option("--orchestrator", statement_options.orchestrator, "its id")->required();
    one->add_option("--network", statement_options.network,
                    "what it was owed on one network, such as 42161:USDC (default: the one that it is on)");
    one->add_option("--month", statement_options.month, "a month of UTC, such as 2026-11")->required();
    one->add_option("--format", statement_options.format, "json, csv or html")->capture_default_str();
    one->add_option("--output", statement_options.output, "a file to write it to (default: standard output)")
        ->type_name("FILE");
    one->callback([&] { status = statement(statement_options); });
}

}  // namespace stipend::cli
