#include "host/cli/command_line.hpp"

namespace stipend::cli {

void add_worker_commands(CLI::App& app, JoinOptions& options, int& status) {
    auto* worker = app.add_subcommand("worker", "the worker beside an orchestrator")->require_subcommand(1);
    options.common.config_file = "/etc/stipend/worker.yaml";
    auto* join = command(*worker, "join", "join a manager by an invitation: files, registration, approval, start",
                         options.common);
    join->get_option("--config")->description("the configuration file that is written");
    join->add_option("URL", options.url, "the manager, such as https://payer.example:8010")->required();
    join->add_option("--token-file", options.token_file,
                     "a file of mode 0600 whose first line is the invitation; - for standard input (default: that, "
                     "where it is no terminal)")
        ->type_name("FILE");
    join->add_option("--endpoint", options.endpoint,
                     "what the manager and its gateway connect to, such as https://orch.example:8935")
        ->required();
    join->add_option("--payout-address", options.payout_address, "where its pay goes")->required();
    join->add_option("--orchestrator", options.orchestrator,
                     "its address on this machine, such as https://127.0.0.1:9995")
        ->required();
    join->add_option("--orchestrator-secret-file", options.orchestrator_secret_file,
                     "a file of mode 0600 whose first line is its -orchSecret; copied into the state folder")
        ->type_name("FILE")
        ->required();
    join->add_option("--orchestrator-cert", options.orchestrator_cert, "its own certificate's file")->type_name("FILE");
    join->add_option("--id", options.id, "its id at the manager (default: host:port of the endpoint)");
    join->add_option("--capability", options.capability,
                     "what it serves (default: what the invitation names, or agent-net)");
    join->add_option("--watch", options.watch,
                     "a container to watch, or NAME=tcp://HOST:PORT; several times for several (default: what is "
                     "found beside it)")
        ->allow_extra_args(false);
    join->add_option("--ca", options.ca, "trust these authorities (PEM) instead of the system's")->type_name("FILE");
    join->add_option("--state", options.state, "the worker's state folder")->type_name("FOLDER")->capture_default_str();
    join->add_option("--plugins", options.plugins, "the plugin folder (default: the program's own)")
        ->type_name("FOLDER");
    join->add_option("--listen", options.listen, "where the worker answers its orchestrator")->capture_default_str();
    join->add_option("--worker-url", options.worker_url,
                     "where the orchestrator reaches the worker (default: http:// and --listen)");
    join->add_option("--metrics", options.metrics, "where the worker serves its metrics")->capture_default_str();
    join->add_option("--wait", options.wait, "how long to wait for the approval; 0s: not at all")
        ->capture_default_str();
    join->add_flag("--dry-run", options.dry_run, "look at the invitation, print the configuration, change nothing");
    join->add_flag("--no-start", options.no_start, "do not start the service");
    join->callback([&options, &status] { status = worker_join(options); });
}

}  // namespace stipend::cli
