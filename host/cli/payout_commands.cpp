#include "host/cli/command_line.hpp"

namespace stipend::cli {

void add_payout_commands(CLI::App& app, PayoutOptions& options, ReconcileOptions& reconciled, int& status) {
    auto* group = app.add_subcommand("payouts", "what is paid on the chain")->require_subcommand(1);
    auto* list = command(*group, "list", "list those that are not over, the newest first", options.common);
    list->add_option("--orchestrator", options.orchestrator, "only those of one orchestrator");
    list->add_option("--network", options.network, "only those of one of `networks`");
    list->add_flag("--all", options.all, "also those that are over");
    list->callback([&] { status = payout_list(options); });
    const auto add = [&](const char* name, const char* what) {
        auto* one = command(*group, name, what, options.common);
        one->add_option("PAYOUT", options.payout, "its number, as `list` shows it")->required();
        return one;
    };
    add("show", "print one with all its steps, what it waits for, and the next command")->callback([&] {
        status = payout_show(options);
    });
    const auto order = [&](const char* name, const char* what, bool reasoned) {
        auto* one = add(name, what);
        if (reasoned) one->add_option("--reason", options.reason, "why; it is recorded")->required();
        one->callback([&options, &status, action = std::string(name)] { status = payout_order(options, action); });
        return one;
    };
    order("hold", "keep one from being bound", true);
    order("release", "let one that is held go on", false);
    order("return", "end one that is not bound: it is owed again", true);
    order("unfreeze", "end what froze one, once you know what it was", false)
        ->add_option("--as", options.as,
                     "of one whose transaction did something else than it should: it counts as paid, or is owed again")
        ->check(CLI::IsMember({"paid", "owed"}));
    auto* compare = command(app, "reconcile",
                            "compare the ledger's payouts with the chain; where they agree, a restored ledger "
                            "pays again",
                            reconciled.common);
    compare->add_flag("--accept-foreign", reconciled.accept_foreign,
                      "record that something else used the payer's next nonces, and go on behind them");
    compare->add_flag("--accept-restored", reconciled.accept_restored,
                      "let a restored ledger pay again, whatever differs; it is recorded");
    compare->add_option("--since", reconciled.since, "only those that ended since, in UTC (default: all)");
    compare->add_option("--network", reconciled.network, "only this one of `networks`; '' is `network` (default: all)");
    compare->callback([&] { status = reconcile(reconciled); });
}

}  // namespace stipend::cli
