// `stipend jobs`: sends jobs through a gateway or to live runners, to see what it and its orchestrators make of them.
#include <CLI/CLI.hpp>
#include <string>

#include "host/base/command_tree.hpp"
#include "stipend/version.h"
#include "tools/jobs/commands.hpp"

namespace {

using namespace stipend::jobs;

void add_way_options(CLI::App& app, WayOptions& options) {
    app.add_option("-c,--config", options.config_file,
                   "a manager's configuration: dispatcher, gateway, capability or app, time-out, path, signer")
        ->type_name("FILE");
    app.add_option("--gateway", options.gateway, "the gateway's URL, such as http://127.0.0.1:9935");
    app.add_option("--capability", options.capability, "what jobs ask for, or the runner's app (default: agent-net)");
    app.add_option("--path", options.path, "the path at the worker (default: the capability's name)");
    app.add_option("--timeout", options.timeout, "the time that a worker gets, in whole seconds (default: 20)");
    app.add_option("--ca-file", options.ca_file, "certificates that sign that of a gateway behind https")
        ->type_name("FILE");
    app.add_option(
        "--orchestrator", options.orchestrators,
        "the orchestrator that each job is pinned to, in turns if given again; with =URL the address that it "
        "announces (default: the gateway chooses)");
    app.add_option("--body", options.body, "the body of each job, or @FILE (default: a question for the uptime)");
    app.add_option(
           "--dispatch", options.dispatch,
           "how: by a gateway (byoc), or to the orchestrators' live runners (default: the configuration's, or byoc)")
        ->check(CLI::IsMember({"byoc", "runner"}));
    app.add_option("--check", options.check, "what an answer's body has to be: json, uptime or contains:TEXT");
}

void add_credential(CLI::App& app, std::string& file) {
    app.add_option(
           "--credential", file,
           "a file with the gateway's credential, by which orchestrators are asked for tokens (default: a key that "
           "is made for it)")
        ->type_name("FILE");
}

void add_payment(CLI::App& app, WayOptions& way) {
    app.add_option("--signer", way.signer, "the URL of the remote signer that pays live runners with a price");
    app.add_option("--max-price", way.max_price, "the most that is paid to a live runner for a call, in wei");
    app.add_option("--max-price-per-second", way.max_price_per_second,
                   "the same for a second, of which ten are paid, where its price is by the hour");
    app.add_option(
        "--ticket-value", way.ticket_value,
        "what one ticket is worth on average, in wei: a payment counts as whole tickets (default: as its price)");
}

void add_load_options(CLI::App& app, LoadOptions& options) {
    add_way_options(app, options.way);
    auto* rate = app.add_option("--rate", options.rate, "jobs a minute, or 100/s, 600/m, 5/h")->capture_default_str();
    app.add_option("--duration", options.duration, "seconds, or a duration such as 5m")->capture_default_str();
    app.add_option("--arrivals", options.arrivals, "when jobs begin")
        ->check(CLI::IsMember({"constant", "poisson"}))
        ->capture_default_str();
    app.add_flag("--closed", options.closed, "each connection sends its next job when the last one has ended")
        ->excludes(rate);
    app.add_option("--connections", options.connections, "at most so many at once (default: 1000, closed: 10)")
        ->check(CLI::PositiveNumber);
    app.add_option("--deadline", options.deadline, "when a job counts as a time-out (default: --timeout and 10 s)");
    app.add_option("--threshold", options.thresholds, "what must be reached, such as 'p99<500ms,success>99%'");
    app.add_option("--report", options.report, "its form")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
    app.add_option("--seed", options.seed, "of random arrivals")->capture_default_str();
    app.add_flag("--pricing", options.pricing,
                 "what each orchestrator costs for what it did, and shares by price and quality");
    add_credential(app, options.credential);
    add_payment(app, options.way);
    app.add_flag("--pay", options.pay, "pay live runners that have a price, within --budget");
    app.add_option("--budget", options.budget, "the most that all jobs together may be paid with, in wei");
    app.add_flag("--yes", options.yes, "even against orchestrators that a running host pays");
    app.add_flag("--quiet", options.quiet, "no line on how it goes");
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Sends jobs through a gateway or to live runners, to see what these make of them.", "stipend jobs"};
    app.set_version_flag("--version", "stipend " STIPEND_VERSION);
    app.require_subcommand(1);
    int status = exit_good;
    LoadOptions load_options;
    auto* load_app = app.add_subcommand("load", "send jobs at a rate, and report how they went");
    add_load_options(*load_app, load_options);
    load_app->callback([&] { status = load(load_options); });
    SendOptions send_options;
    auto* send_app = app.add_subcommand("send", "send one job by each way, and show it decoded");
    add_way_options(*send_app, send_options.way);
    send_app->add_option("--worker", send_options.worker, "a worker's URL, to be asked directly as well");
    add_credential(*send_app, send_options.credential);
    add_payment(*send_app, send_options.way);
    send_app->add_flag("--json", send_options.json, "answer as JSON");
    send_app->callback([&] { status = send(send_options); });
    const bool asked = stipend::print_command_tree(app, "jobs", argc, argv,
                                                   {{exit_good, "All was done"},
                                                    {exit_bad, "It could not be done, or a job of send failed"},
                                                    {exit_usage, "The command line is wrong"},
                                                    {exit_missed, "A threshold was missed"},
                                                    {exit_signal, "A signal ended it"}});
    if (asked) return exit_good;
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? exit_good : exit_usage;
    }
    return status;
}
