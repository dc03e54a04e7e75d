// The program `stipend`: reads the command line and hands over to a subcommand.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/command_tree.hpp"
#include "host/base/program_paths.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/command_pages.hpp"
#include "host/cli/context.hpp"
#include "host/cli/plugins_new.hpp"
#include "host/cli/plugins_signing.hpp"
#include "host/cli/plugins_test.hpp"
#include "host/config/diagnostic.hpp"
#include "stipend/version.h"

namespace {

using namespace stipend::cli;

// A command NAME that is none of `app` is the program stipend-NAME, where it is installed: it may know a protocol,
// which this program does not. Returns where there is none.
void run_command_program(const CLI::App& app, int argc, char** argv) {
    if (argc < 2) return;
    const std::string_view name = argv[1];
    const auto in_name = [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; };
    if (name.starts_with('-') || !std::all_of(name.begin(), name.end(), in_name)) return;
    for (const auto* known : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (known->check_name(std::string(name))) return;
    }
    if (const auto program = stipend::command_program(program_folder(), name)) ::execv(program->c_str(), argv + 1);
}

// Commands that are programs of their own.
constexpr std::string_view apart[] = {"devnet", "flow", "gateway-credential", "jobs", "verify"};

const std::vector<stipend::ExitStatus> exits = {
    {exit_good, "It was done, and what was asked about is good"},
    {exit_bad, "It could not be done, or what was asked about is bad"},
    {exit_usage, "The command line or the configuration is wrong"},
    {exit_differs, "What was computed again is not what is recorded"},
    {exit_waiting, "It waits for another person's decision; the same command goes on"},
};

// `config man-page` and `config completion`.
void add_page_commands(CLI::App& config, const CLI::App& root, PageOptions& options, int& status) {
    static const std::vector<std::string> programs(std::begin(apart), std::end(apart));
    auto* page = config.add_subcommand("man-page", "print a page for man(1), made from these options");
    page->add_option("COMMAND", options.command,
                     "whose; signer for that of stipend-signer (default: of stipend itself)");
    page->add_option("--folder", options.folder, "write a page for each command there instead")->type_name("DIR");
    page->add_flag("--settings", options.settings, "print that of the configuration, stipend-config(5)")
        ->excludes("COMMAND");
    page->callback([&] { status = man_page(options, stipend::command_tree(root, "stipend", exits), programs); });
    auto* shell =
        config.add_subcommand("completion", "print the completion of commands, options and files for a shell");
    shell->add_option("SHELL", options.shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    shell->callback([&] { status = completion(options, stipend::command_tree(root, "stipend", exits), programs); });
}

std::vector<std::string> command_names(const CLI::App& app) {
    std::vector<std::string> out;
    for (const auto* one : app.get_subcommands([](const CLI::App*) { return true; })) out.push_back(one->get_name());
    if (app.get_parent() == nullptr) out.insert(out.end(), std::begin(apart), std::end(apart));
    return out;
}

std::vector<std::string> option_names(const CLI::App& app) {
    std::vector<std::string> out;
    for (const auto* option : app.get_options()) {
        for (const auto& name : option->get_lnames()) out.push_back("--" + name);
    }
    return out;
}

std::string unknown_word(std::string_view what, std::string_view word, const std::vector<std::string>& known) {
    const std::vector<std::string_view> names(known.begin(), known.end());
    return stipend::cat("unknown ", what, " \"", word, "\"", stipend::config::did_you_mean(word, names));
}

// The first word of the command line that names no command, or the first option that its command does not have.
std::optional<std::string> unknown_in(const CLI::App& root, int argc, char** argv) {
    const auto* app = &root;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--") return std::nullopt;
        if (word.starts_with('-')) {
            const auto name = std::string(word.substr(0, word.find('=')));
            const auto* option = app->get_option_no_throw(name);
            if (option == nullptr && word.starts_with("--")) return unknown_word("option", name, option_names(*app));
            const bool takes_next = option != nullptr && option->get_items_expected_min() > 0 && name == word;
            if (takes_next) ++i;
            continue;
        }
        const auto commands = app->get_subcommands([](const CLI::App*) { return true; });
        if (commands.empty()) continue;  // a file, or such
        const auto next = std::find_if(commands.begin(), commands.end(),
                                       [&](const CLI::App* one) { return one->check_name(std::string(word)); });
        if (next == commands.end()) return unknown_word("command", word, command_names(*app));
        app = *next;
    }
    return std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
    // The hash of a password starts Botan's own pool, with up to 16 threads that never end; 2 is the fewest.
    ::setenv("BOTAN_THREAD_POOL_SIZE", "2", 0);
    CLI::App app{"stipend pays the operators of a Livepeer BYOC network for the uptime that they deliver."};
    app.set_version_flag("--version", "stipend " STIPEND_VERSION);
    app.require_subcommand(1);
    int status = exit_good;
    Common common;

    RunOptions run_options;
    auto* run_app = command(app, "run", "pay by uptime until a signal stops it", run_options.common);
    run_app->add_flag("--once", run_options.once,
                      "one cycle of what is due, with its retries, then stop; opens no listener");
    run_app->add_flag("--new-ledger", run_options.new_ledger,
                      "begin a new ledger although the state folder has traces of an earlier one");
    run_app->callback([&] { status = run(run_options); });

    command(app, "status", "what a running host does", common)->callback([&] {
        status = stipend::cli::status(common);
    });

    WatchOptions watch_options;
    auto* watch_app =
        command(app, "watch", "follow decisions, changes of state and alerts of a running host", watch_options.common);
    watch_app->add_option("--orchestrator", watch_options.orchestrator, "only what is about this one");
    watch_app->add_option("--after", watch_options.after,
                          "the id of an event: the next ones first (default: from now on)");
    watch_app->callback([&] { status = watch(watch_options); });

    ExplainOptions explain_options;
    add_explain_command(app, explain_options, status);

    ReloadOptions reload_options;
    auto* reload_app =
        command(app, "reload", "have a running host take the changed configuration", reload_options.common);
    reload_app->add_flag("--accept-spend", reload_options.accept_spend,
                         "even if it more than doubles the largest possible spend");
    reload_app->add_flag("--undo", reload_options.undo, "go back to the configuration before the present one");
    reload_app->add_flag("--check", reload_options.check,
                         "have the running host check it, with its own environment and credentials, and take nothing");
    reload_app->callback([&] { status = reload(reload_options); });

    AdjustOptions adjust_options;
    auto* adjust_app =
        command(app, "adjust", "pay or excuse time that stayed unpaid through our own fault", adjust_options.common);
    adjust_app->add_option("--orchestrator", adjust_options.orchestrator, "whose")->required();
    adjust_app->add_option("--from", adjust_options.from, "beginning of the time, such as 2026-11-22T06:00:00Z")
        ->required();
    adjust_app->add_option("--to", adjust_options.to, "its end")->required();
    adjust_app->add_option("--reason", adjust_options.reason, "why; it is recorded")->required();
    auto* usd = adjust_app->add_option("--usd", adjust_options.usd,
                                       "the amount; negative takes back (default: the base for each unpaid interval)");
    adjust_app->add_flag("--excuse", adjust_options.excuse, "record the reason and pay nothing")->excludes(usd);
    adjust_app->add_flag("--dry-run", adjust_options.dry_run, "only say what would be recorded");
    adjust_app->callback([&] { status = adjust(adjust_options); });

    PardonOptions pardon_options;
    auto* pardon_app =
        command(app, "pardon", "take back the waits and counts of checks that failed through our own fault",
                pardon_options.common);
    auto* whose = pardon_app->add_option_group("whose");
    whose->add_option("--orchestrator", pardon_options.orchestrator, "whose");
    whose->add_flag("--all", pardon_options.all, "of all orchestrators; wants --yes");
    whose->require_option(1);
    pardon_app->add_flag("--yes", pardon_options.yes, "all are meant");
    pardon_app->add_option("--from", pardon_options.from, "checks due from this time on, such as 2026-11-22T06:00:00Z")
        ->required();
    pardon_app->add_option("--to", pardon_options.to, "checks due before this time")->required();
    pardon_app->add_option("--reason", pardon_options.reason, "why; it is recorded")->required();
    pardon_app->add_flag("--dry-run", pardon_options.dry_run, "only say what would change");
    pardon_app->callback([&] { status = pardon(pardon_options); });

    ObjectionOptions objection_options;
    add_objection_commands(app, objection_options, status);
    PayoutOptions payout_options;
    ReconcileOptions reconcile_options;
    add_payout_commands(app, payout_options, reconcile_options, status);

    ReceiptOptions receipt_options;
    StatementOptions statement_options;
    add_receipt_commands(app, receipt_options, statement_options, status);

    ReportOptions report_options;
    add_report_command(app, report_options, status);

    auto* check_app = command(
        app, "check", "check a configuration with its plugins, and print the largest possible spend and fees", common);
    check_app->callback([&] { status = check(common); });

    auto* config =
        app.add_subcommand("config", "the configuration's schema and effective values")->require_subcommand(1);
    std::string role = "manager";
    auto* schema = command(*config, "schema", "print the JSON Schema of the configuration", common);
    schema->add_option("--role", role, "of which role")->check(CLI::IsMember({"manager", "worker"}));
    schema->callback([&] { status = config_schema(common, role); });
    command(*config, "dump", "print the effective configuration, secrets hidden", common)->callback([&] {
        status = config_dump(common);
    });

    command(*config, "reference", "print every option as Markdown", common)->callback([&] {
        status = config_reference(common);
    });
    command(*config, "api-reference", "print every route of the API as Markdown", common)->callback([&] {
        status = config_api_reference(common);
    });

    PageOptions page_options;
    add_page_commands(*config, app, page_options, status);

    LedgerOptions ledger_options;
    add_ledger_commands(app, ledger_options, common, status);

    auto* plugins = app.add_subcommand("plugins", "the plugins that are there")->require_subcommand(1);
    command(*plugins, "list", "list the plugin folder", common)->callback([&] { status = plugins_list(common); });
    command(*plugins, "status", "what serves in a running host: plugins, their files, and generations", common)
        ->callback([&] { status = plugins_status(common); });
    std::string file;
    auto* inspect = command(*plugins, "inspect", "try one plugin and print what it says of itself", common);
    inspect->add_option("FILE", file, "a .so file, or the name of one in the plugin folder")->required();
    inspect->callback([&] { status = plugins_inspect(common, file); });
    NewPluginOptions new_options;
    add_plugins_new_command(*plugins, new_options, status);
    PluginTestOptions plugin_test;
    add_plugins_test_command(*plugins, plugin_test, status);
    PluginSigningOptions signing;
    add_plugins_signing_commands(*plugins, signing, status);

    auto* alert = app.add_subcommand("alert", "alerts and their receivers, in a running host")->require_subcommand(1);
    command(*alert, "list", "what fires, what is silenced, and how the receivers are", common)->callback([&] {
        status = alert_list(common);
    });
    SilenceOptions silence;
    auto* silence_app = command(*alert, "silence", "send no messages about alerts for a time", silence.common);
    silence_app->add_option("ID", silence.match, "the id of an alert, or a pattern such as 'suspended:*'")->required();
    silence_app->add_option("--for", silence.time, "how long, such as 2h; at most 30d")->required();
    silence_app->add_option("--reason", silence.reason, "why; it is listed")->required();
    silence_app->callback([&] { status = alert_silence(silence); });
    SilenceOptions unsilence;
    auto* unsilence_app = command(*alert, "unsilence", "end a silence", unsilence.common);
    unsilence_app->add_option("ID", unsilence.match, "as it was given to silence")->required();
    unsilence_app->callback([&] { status = alert_unsilence(unsilence); });
    AlertTestOptions alert_trial;
    auto* trial_app = command(*alert, "test", "send a message that only tries the receivers", alert_trial.common);
    trial_app->add_option("--receiver", alert_trial.receiver, "only this one");
    trial_app->callback([&] { status = alert_test(alert_trial); });

    PinOptions pin;
    auto* byoc = app.add_subcommand("byoc", "jobs and their orchestrators")->require_subcommand(1);
    auto* pin_app = command(*byoc, "pin", "show the certificate of a server, so that it can be pinned", pin.common);
    pin_app->add_option("URL", pin.url, "the server, such as https://127.0.0.1:9995")->required();
    pin_app->add_option("--store", pin.store, "a file for the fingerprint, written anew")->type_name("FILE");
    pin_app->callback([&] { status = byoc_pin(pin); });

    PolicyOptions policy_options;
    add_policy_commands(app, policy_options, status);

    JoinOptions join_options;
    add_worker_commands(app, join_options, status);

    AccessOptions access;
    add_access_commands(app, access, status);

    app.footer(
        "`stipend flow` shows the way from checks to final payments in a terminal.\n"
        "`stipend gateway-credential` writes the credential by which orchestrators state their prices.\n"
        "`stipend jobs` sends jobs through a gateway, one or at a rate, and reports how they went.\n"
        "`stipend verify` checks the whole way of a payment, step by step, and says what to do next.\n"
        "`stipend devnet` plays a network for them on this machine, with faults as a scenario says.");

    if (stipend::print_command_tree(app, "stipend", argc, argv, exits)) return exit_good;
    run_command_program(app, argc, argv);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const auto unknown = error.get_exit_code() == 0 ? std::nullopt : unknown_in(app, argc, argv);
        if (!unknown) return app.exit(error) == 0 ? exit_good : exit_usage;
        print_notice(*unknown);
        std::fputs("Run with --help for more information.\n", stderr);
        return exit_usage;
    }
    return status;
}
