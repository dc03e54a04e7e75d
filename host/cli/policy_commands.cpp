#include "host/cli/command_line.hpp"

namespace stipend::cli {

void add_policy_commands(CLI::App& app, PolicyOptions& options, int& status) {
    auto& eval = options.eval;
    auto& differences = options.differences;
    auto& lint = options.lint;
    auto* policy = app.add_subcommand("policy", "the payment policy")->require_subcommand(1);
    auto* eval_app =
        command(*policy, "eval", "decide checks read from standard input, one JSON object a line", eval.common);
    auto* base = eval_app->add_option("--base-usd", eval.base_usd,
                                      "pay for one interval at multiplier 1, in USD (default: as configured)");
    auto* rate = eval_app->add_option("--usd-per-eth", eval.usd_per_eth, "exchange rate (default: 2000)");
    auto* interval = eval_app->add_option("--interval", eval.interval,
                                          "time between two checks, such as 60s (default: as configured)");
    auto* from_ledger =
        eval_app->add_flag("--from-ledger", differences.from_ledger,
                           "decide recorded history again instead, by the configuration as it is now, and "
                           "print each decision that comes out otherwise");
    eval_app
        ->add_option("--from", differences.from, "decided at or after this time, such as 2026-11-22T06:00:00Z, or -7d")
        ->needs(from_ledger);
    eval_app->add_option("--to", differences.to, "decided before this time")->needs(from_ledger);
    eval_app->add_option("--orchestrator", differences.orchestrator, "only those of one orchestrator")
        ->needs(from_ledger);
    for (auto* option : {base, rate, interval}) option->excludes(from_ledger);
    eval_app->callback([&] {
        status = options.differences.from_ledger ? policy_differences(options.eval.common, options.differences)
                                                 : policy_eval(options.eval);
    });
    auto* lint_app =
        command(*policy, "lint", "decide every uptime, and say what is wrong with what is paid for it", lint.common);
    lint_app->add_option("--cliff", lint.cliff,
                         "the most, in percent, that the pay per minute may fall from one uptime to the next lower one "
                         "(default: any)");
    lint_app->callback([&] { status = policy_lint(options.lint); });
    auto* replay_app = command(
        *policy, "replay", "decide recorded history again: first as it was, then by another configuration or plugin",
        options.replay.common);
    replay_app->add_option("--from", options.replay.from,
                           "decided at or after this time, such as 2026-11-22T06:00:00Z, or -7d (default: all)");
    replay_app->add_option("--to", options.replay.to, "decided before this time");
    replay_app->add_option("--orchestrator", options.replay.orchestrator, "only those of one orchestrator");
    replay_app
        ->add_option("--table", options.replay.table,
                     "a YAML file that is laid over payment.policy.config (default: that as it is now)")
        ->type_name("FILE");
    replay_app
        ->add_option("--plugin", options.replay.plugin,
                     "a shared object whose policy decides (default: the one that is configured); where its id is "
                     "another one, its configuration is that of --table alone")
        ->type_name("FILE.so");
    replay_app->add_flag("--keep-config", options.replay.keep_config,
                         "a policy of another id gets payment.policy.config as well, such as payment-dynamic that of "
                         "payment; --table is laid over it");
    replay_app->add_flag("--demand", options.replay.demand,
                         "compute the factors of demand again, by payment.demand of the configuration, from what the "
                         "cycles have recorded (default: the recorded factors)");
    replay_app->callback([&] { status = policy_replay(options.replay); });
}

}  // namespace stipend::cli
