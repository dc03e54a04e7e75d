// The program `stipend`: reads the command line and hands over to a subcommand.
#include <CLI/CLI.hpp>

#include "host/cli/commands.hpp"

namespace {

using namespace stipend::cli;

// Each subcommand that reads the configuration takes -c; each that lists something takes --json.
CLI::App* command(CLI::App& parent, const std::string& name, const std::string& what, Common& common) {
    auto* app = parent.add_subcommand(name, what);
    app->add_option("-c,--config", common.config_file, "configuration file")->capture_default_str();
    app->add_flag("--json", common.json, "answer as JSON");
    return app;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"stipend pays the operators of a Livepeer BYOC network for the uptime that they deliver."};
    app.set_version_flag("--version", "stipend 0.1.0");
    app.require_subcommand(1);
    int status = exit_good;
    Common common;

    RunOptions run_options;
    auto* run_app = command(app, "run", "pay by uptime until told to stop", run_options.common);
    run_app->add_flag("--once", run_options.once,
                      "one cycle of what is due, with its retries, then stop; opens no listener");
    run_app->callback([&] { status = run(run_options); });

    auto* check_app =
        command(app, "check", "check a configuration with its plugins, and print the largest possible spend", common);
    check_app->callback([&] { status = check(common); });

    auto* config =
        app.add_subcommand("config", "the configuration's schema and effective values")->require_subcommand(1);
    command(*config, "schema", "print the JSON Schema of the configuration", common)->callback([&] {
        status = config_schema(common);
    });
    command(*config, "dump", "print the effective configuration, secrets hidden", common)->callback([&] {
        status = config_dump(common);
    });

    auto* plugins = app.add_subcommand("plugins", "the plugins that are there")->require_subcommand(1);
    command(*plugins, "list", "list the plugin folder", common)->callback([&] { status = plugins_list(common); });
    std::string file;
    auto* inspect = command(*plugins, "inspect", "try one plugin and print what it says of itself", common);
    inspect->add_option("FILE", file, "a .so file, or the name of one in the plugin folder")->required();
    inspect->callback([&] { status = plugins_inspect(common, file); });

    EvalOptions eval;
    auto* policy = app.add_subcommand("policy", "the payment policy")->require_subcommand(1);
    auto* eval_app =
        command(*policy, "eval", "decide checks read from standard input, one JSON object a line", eval.common);
    eval_app->add_option("--base-usd", eval.base_usd,
                         "pay for one interval at multiplier 1, in USD (default: as configured)");
    eval_app->add_option("--usd-per-eth", eval.usd_per_eth, "exchange rate (default: 2000)");
    eval_app->add_option("--interval", eval.interval, "time between two checks, such as 60s (default: as configured)");
    eval_app->callback([&] { status = policy_eval(eval); });

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? exit_good : exit_usage;
    }
    return status;
}
