// stipend-devnet: a Livepeer BYOC gateway and its orchestrators in one process. A fixture for tests and demos.
#include <fmt/core.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>

#include "host/base/command_tree.hpp"
#include "tests/devnet/devnet.hpp"
#include "tests/devnet/find_scenario.hpp"
#include "tests/devnet/next_commands.hpp"

namespace {

using namespace stipend;
using namespace stipend::devnet;

struct CommandLine {
    Options options;
    std::string gateway = "127.0.0.1:9935";
    std::string control;
    std::string cli;
    std::string signer;
    std::string runner_ttl;
    std::vector<std::string> listen;
    std::string era = "head";
    std::string scenario;
    std::string slash;
    bool reachable = false;
    bool print_addresses = false;
    int ready_fd = -1;
};

std::string is_amount(const std::string& text) {
    const bool digits = !text.empty() && text.size() <= 30 && text.find_first_not_of("0123456789") == std::string::npos;
    return digits ? "" : "want digits, at most 30";
}

void describe(CLI::App& app, CommandLine& line) {
    auto& options = line.options;
    app.add_option("-n,--orchestrators", options.population.count, "How many orchestrators")
        ->check(CLI::Range(1U, max_orchestrators))
        ->capture_default_str();
    app.add_option("--gateway", line.gateway, "The gateway's address; port 0 takes a free one")->capture_default_str();
    app.add_option("--control", line.control, "Address of the live control, such as 127.0.0.1:9936");
    app.add_option("--cli", line.cli, "Address of the gateway's command line listener, such as 127.0.0.1:7935");
    app.add_flag("--live-runners", options.settings.live_runners, "Orchestrators serve the routes of live runners");
    app.add_option("--runner-price", options.settings.runner_price_wei,
                   "Of a unit of a scripted live runner, in wei; 0: off chain, nothing is paid")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 62))
        ->capture_default_str();
    app.add_option("--runner-unit", options.settings.runner_unit, "Of that price: fixed (a call), or seconds")
        ->check(CLI::IsMember({"fixed", "seconds"}))
        ->capture_default_str();
    app.add_flag("--runner-sessions", options.settings.runner_persistent,
                 "The scripted live runners are persistent: they are called in sessions");
    app.add_option("--runner-ttl", line.runner_ttl,
                   "How long a live runner without a heartbeat is there; heartbeats, sweep and health checks come four "
                   "times as often. Default: 20s");
    app.add_option("--signer", line.signer, "Address of the remote signer, such as 127.0.0.1:7936");
    app.add_option("--deposit", options.settings.deposit_wei, "Of the gateway's account, in wei")
        ->check(CLI::Validator(is_amount, "DIGITS"))
        ->capture_default_str();
    app.add_option("--reserve", options.settings.reserve_wei, "Of the gateway's account, in wei")
        ->check(CLI::Validator(is_amount, "DIGITS"))
        ->capture_default_str();
    app.add_option("--usd-per-eth", options.settings.usd_per_eth, "Of the price feed; 0: no feed, and no USD")
        ->check(CLI::Range(0, 1'000'000'000))
        ->capture_default_str();
    app.add_flag("--every-sender-has-reserve", options.settings.every_sender_has_reserve,
                 "Orchestrators state a price to any sender, not to the gateway alone");
    app.add_flag("!--no-auto-adjust-price", options.settings.auto_adjust_price,
                 "A registered price is asked as it is, without 1 % on top");
    app.add_option("--certificate-dir", options.certificate_folder,
                   "Writes the certificate of each orchestrator that listens to DIR/<number>/cert.pem")
        ->type_name("DIR");
    app.add_option("--orchestrator-listen", line.listen,
                   "Address on which the first (second, ...) orchestrator serves its own routes, by TLS; by plain HTTP "
                   "with http:// in front");
    app.add_flag("--reachable", line.reachable,
                 "Addresses need not be on loopback: in a container, which nothing else can reach");
    app.add_flag("--bare-listeners", options.population.bare_listeners,
                 "Orchestrators that listen have no scripted worker: a real one registers");
    app.add_option("--port", options.population.port, "Port in the addresses of orchestrators that do not listen")
        ->capture_default_str();
    app.add_option("--slash", line.slash, "every:N keeps a trailing slash on every N-th pool entry");
    app.add_option("--era", line.era, "Which network to play")
        ->check(CLI::IsMember({"head", "v0.8.7"}))
        ->capture_default_str();
    app.add_option("--capability", options.settings.capability, "Of the scripted workers")->capture_default_str();
    app.add_option("--capacity", options.settings.capacity, "Of each scripted worker")->capture_default_str();
    app.add_option("--secret", options.settings.secret, "With which a worker registers")->capture_default_str();
    app.add_option("--ticket-ev", options.settings.ticket_ev_wei, "Expected value of one ticket, in wei")
        ->capture_default_str();
    app.add_option("--seed", options.settings.seed, "Of everything that is left to chance")->capture_default_str();
    app.add_option("--scenario", line.scenario,
                   "A file with the network and its timeline of faults, or the name of one that is installed: demo, "
                   "every-fault, live-runners or one-down. What is given beside it counts before the file")
        ->type_name("FILE");
    app.add_option("--job-log", options.settings.job_log, "How many of the last jobs GET /jobs keeps")
        ->check(CLI::Range(0, 1'000'000))
        ->capture_default_str();
    app.add_option("--body-limit", options.limits.body_bytes, "Bytes of a request's body")->capture_default_str();
    app.add_option("--header-limit", options.limits.header_bytes, "Bytes of a request's headers")
        ->capture_default_str();
    app.add_option("--connections", options.limits.connections, "Open at once, for each listener")
        ->capture_default_str();
    app.add_option("--threads", options.threads, "For input and output")
        ->check(CLI::Range(1, 16))
        ->capture_default_str();
    app.add_flag("--print-addresses", line.print_addresses, "Prints a value for ORCHESTRATOR_ADDRESSES and ends");
    app.add_option("--ready-fd", line.ready_fd, "Also writes the ready line to this descriptor, then closes it");
    app.footer(
        "Faults, for scenarios and POST /fault "
        "{\"orchestrator\":3,\"fault\":{\"kind\":\"slow\",\"delay\":\"300ms\"}}:\n" +
        fault_help());
}

// Takes from the scenario what the command line does not say.
Result<void> take_scenario(const CLI::App& app, CommandLine& line) {
    auto& options = line.options;
    const auto given = [&](const char* option) { return app.count(option) != 0; };
    STIPEND_LET(file, find_scenario(line.scenario));
    const auto size = given("--orchestrators") ? std::optional(options.population.count) : std::nullopt;
    STIPEND_LET(scenario, parse_scenario(std::move(file.text), file.path, size, options.population.count));
    if (scenario.orchestrators && !size) options.population.count = *scenario.orchestrators;
    const auto take = [&](const char* option, const std::string& from, std::string& into) {
        if (!given(option) && !from.empty()) into = from;
    };
    take("--gateway", scenario.gateway, line.gateway);
    take("--control", scenario.control, line.control);
    take("--cli", scenario.cli, line.cli);
    take("--capability", scenario.capability, options.settings.capability);
    take("--signer", scenario.signer, line.signer);
    take("--runner-unit", scenario.runner_unit, options.settings.runner_unit);
    take("--runner-ttl", scenario.runner_ttl, line.runner_ttl);
    if (!given("--runner-price")) {
        options.settings.runner_price_wei = scenario.runner_price_wei.value_or(options.settings.runner_price_wei);
    }
    if (!given("--orchestrator-listen")) line.listen = std::move(scenario.listen);
    if (!given("--capacity")) options.settings.capacity = scenario.capacity.value_or(options.settings.capacity);
    if (!given("--seed")) options.settings.seed = scenario.seed.value_or(options.settings.seed);
    options.settings.every_sender_has_reserve |= scenario.every_sender_has_reserve;
    options.settings.live_runners |= scenario.live_runners;
    options.settings.runner_persistent |= scenario.runner_sessions;
    options.timeline = std::move(scenario.timeline);
    return {};
}

Result<void> complete(const CLI::App& app, CommandLine& line) {
    if (!line.scenario.empty()) STIPEND_TRY(take_scenario(app, line));
    auto& options = line.options;
    const auto reach = line.reachable ? Reach::anybody : Reach::this_machine;
    options.settings.era = line.era == "head" ? Era::head : Era::v0_8_7;
    STIPEND_LET(gateway, parse_endpoint(line.gateway, reach));
    options.gateway = gateway;
    if (!line.control.empty()) {
        STIPEND_LET(control, parse_endpoint(line.control, reach));
        options.controlled = true;
        options.control = control;
    }
    if (!line.cli.empty()) {
        STIPEND_LET(cli, parse_endpoint(line.cli, reach));
        options.cli_served = true;
        options.cli = cli;
    }
    if (!line.signer.empty()) {
        STIPEND_LET(signer, parse_endpoint(line.signer, reach));
        options.signer_served = true;
        options.signer = signer;
    }
    if (!line.runner_ttl.empty()) {
        constexpr std::int64_t beats = 4;
        auto ttl_ns = parse_duration(line.runner_ttl);
        if (!ttl_ns || *ttl_ns < beats * ns_per_ms || *ttl_ns > 3600 * ns_per_s) {
            return fail(STIPEND_E_CONFIG, "--runner-ttl: got \"", line.runner_ttl,
                        "\", want a duration from 4ms to 1h");
        }
        options.settings.runner_ttl_ns = *ttl_ns;
        options.settings.runner_beat_ns = *ttl_ns / beats;
    }
    for (const auto& text : line.listen) {
        constexpr std::string_view plain = "http://";
        const bool is_plain = text.rfind(plain, 0) == 0;
        STIPEND_LET(endpoint, parse_endpoint(std::string_view(text).substr(is_plain ? plain.size() : 0), reach));
        endpoint.plain = is_plain;
        options.orchestrator_listen.push_back(endpoint);
    }
    if (!line.slash.empty()) {
        const auto every = Json::of_number(line.slash.rfind("every:", 0) == 0 ? line.slash.substr(6) : "");
        const auto number = parse_selection(every, max_orchestrators);
        if (!number || number->first == 0 || number->first != number->last) {
            return fail(STIPEND_E_CONFIG, "--slash: got \"", line.slash, "\", want every:N with N from 1 up");
        }
        options.population.slash_every = number->first;
    }
    return {};
}

// The names only: nothing is opened, so port 0 of a listener stays 0.
void print_addresses(const Options& options) {
    std::string out;
    for (std::uint32_t number = 0; number < options.population.count; ++number) {
        const bool listens = number < options.orchestrator_listen.size();
        if (number != 0) out.push_back(',');
        const auto* scheme = listens && options.orchestrator_listen[number].plain ? "http://" : "https://";
        out += listens ? cat(scheme, options.orchestrator_listen[number].host, ":",
                             options.orchestrator_listen[number].port)
                       : made_address(number, options.population.port);
        if (ends_in_slash(options.population, number)) out.push_back('/');
    }
    fmt::print("{}\n", out);
}

// A connection is a descriptor: as many as the system lets us have.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

void announce(Devnet& devnet, const CommandLine& line, const std::string& capability) {
    const int ready_fd = line.ready_fd;
    auto& network = devnet.network();
    const auto shown = [](const std::string& url) { return url.empty() ? std::string("none") : url; };
    const auto signer = devnet.signer_url().empty() ? std::string() : " signer=" + devnet.signer_url();
    const auto ready =
        fmt::format("devnet ready gateway={} control={} orchestrators={} cli={}{}\n", devnet.gateway_url(),
                    shown(devnet.control_url()), network.size(), shown(devnet.cli_url()), signer);
    fmt::print("{}", ready);
    if (!line.scenario.empty()) {
        fmt::print("{}", next_commands({.addresses = network.addresses(),
                                        .orchestrators = network.size(),
                                        .gateway = devnet.gateway_url(),
                                        .control = devnet.control_url(),
                                        .capability = capability}));
    }
    std::fflush(stdout);
    if (ready_fd < 0) return;
    if (::write(ready_fd, ready.data(), ready.size()) != static_cast<ssize_t>(ready.size())) {
        fmt::print(stderr, "stipend-devnet: --ready-fd {}: could not be written\n", ready_fd);
    }
    if (ready_fd > STDERR_FILENO) ::close(ready_fd);
}

int run(int argc, char** argv) {
    CommandLine line;
    CLI::App app(
        "A fixture for tests and demos: plays a Livepeer BYOC gateway and its orchestrators.\n"
        "It moves no money, and decides nothing about pay.",
        "stipend-devnet");
    describe(app, line);
    const bool asked = print_command_tree(app, "devnet", argc, argv,
                                          {{0, "A signal ended it, or the addresses were printed"},
                                           {1, "It could not listen"},
                                           {2, "The command line or the scenario is wrong"}});
    if (asked) return 0;
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& problem) {
        return app.exit(problem) == 0 ? 0 : 2;
    }
    if (const auto done = complete(app, line); !done) {
        fmt::print(stderr, "stipend-devnet: {}\n", done.error().message);
        return 2;
    }
    if (line.print_addresses) {
        print_addresses(line.options);
        return 0;
    }
    // Taken before any thread starts, so that only sigwait below sees them.
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ends, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();

    fmt::print("stipend-devnet: a fixture for tests and demos; nothing here is a real gateway, and nothing is paid.\n");
    const auto capability = line.options.settings.capability;
    auto devnet = Devnet::start(std::move(line.options));
    if (!devnet) {
        fmt::print(stderr, "stipend-devnet: {}\n", devnet.error().message);
        return 1;
    }
    announce(**devnet, line, capability);
    int signal = 0;
    sigwait(&ends, &signal);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "stipend-devnet: %s\n", problem.what());
        return 1;
    }
}
