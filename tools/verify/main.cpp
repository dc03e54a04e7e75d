// `stipend verify`: checks the whole way from the gateway's name to the ledger, step by step.
#include <CLI/CLI.hpp>

#include "host/base/command_tree.hpp"
#include "stipend/version.h"
#include "tools/verify/verify.hpp"

int main(int argc, char** argv) {
    using namespace stipend::verify;
    CLI::App app{
        "Checks the whole way of a payment, step by step: the gateway, each orchestrator, the policy, the ledger.",
        "stipend verify"};
    app.set_version_flag("--version", "stipend " STIPEND_VERSION);
    Options options;
    auto& way = options.way;
    app.add_option("-c,--config", way.config_file, "a manager's configuration; without it steps 12 to 16 are skipped")
        ->type_name("FILE");
    app.add_option("--gateway", way.gateway, "the gateway's URL, such as http://127.0.0.1:9935");
    app.add_option("--capability", way.capability, "what jobs ask for (default: agent-net)");
    app.add_option("--path", way.path, "the path at the worker (default: the capability's name)");
    app.add_option("--timeout", way.timeout, "the time that a worker gets, in whole seconds (default: 20)");
    app.add_option("--ca-file", way.ca_file, "certificates that sign that of a gateway behind https")
        ->type_name("FILE");
    app.add_option("--orchestrator", way.orchestrators,
                   "an orchestrator; may be given again; with =URL the address that it announces (default: all of the "
                   "configuration, or the one that the gateway chooses)");
    app.add_option(
           "--dispatch", way.dispatch,
           "how: by a gateway (byoc), or to the orchestrators' live runners (default: the configuration's, or byoc)")
        ->check(CLI::IsMember({"byoc", "runner"}));
    app.add_option("--signer", way.signer, "the URL of the remote signer that pays live runners with a price");
    app.add_option("--credential", options.credential,
                   "a file with the gateway's credential, by which orchestrators are asked for tokens (default: the "
                   "configuration's, or a key that is made for it)")
        ->type_name("FILE");
    app.add_option(
        "--max-price", options.max_price,
        "send jobs that cost the gateway up to so many wei per second, or the payer of a live runner so many "
        "for each unit of its price (default: none that cost anything)");
    app.add_flag("--price-unseen", options.price_unseen,
                 "send jobs also to orchestrators that only the gateway reaches, whose price is not seen");
    app.add_flag("--pay", options.pay,
                 "have one decision made about the orchestrator, and paid: by the running host when it is due, or by "
                 "`stipend run --once`");
    app.add_flag("--yes", options.yes, "--pay is meant, without a question");
    app.add_option("--wait", options.wait, "for that decision, such as 90s")->capture_default_str();
    app.add_flag("--json", options.json, "answer as JSON");
    const bool asked = stipend::print_command_tree(
        app, "verify", argc, argv,
        {{exit_good, "No step failed"}, {exit_failed, "A step failed"}, {exit_usage, "The command line is wrong"}});
    if (asked) return exit_good;
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? exit_good : exit_usage;
    }
    return verify(options);
}
