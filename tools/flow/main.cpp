// `stipend flow`: the way from checks to final payments, live in a terminal.
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "host/base/command_tree.hpp"
#include "host/base/time.hpp"
#include "stipend/version.h"
#include "tools/flow/layout.hpp"
#include "tools/flow/screen.hpp"
#include "tools/flow/source.hpp"

namespace {

using namespace stipend;
using namespace stipend::flow;

constexpr int exit_good = 0;
constexpr int exit_bad = 1;
constexpr int exit_usage = 2;
constexpr int exit_signal = 128;  // and its number

struct Options {
    Target target;
    bool once = false;
    bool json = false;
};

int refuse(const Error& error) {
    fmt::print(stderr, "stipend flow: {}\n", error.message);
    const bool usage = error.status == STIPEND_E_INVALID || error.status == STIPEND_E_CONFIG;
    return usage ? exit_usage : exit_bad;
}

std::string_view code_of(Look look) {
    switch (look) {
        case Look::good:
            return "\x1b[32m";
        case Look::warning:
            return "\x1b[33m";
        case Look::bad:
            return "\x1b[31m";
        case Look::plain:
        case Look::faint:
        case Look::strong:
            break;
    }
    return "";
}

void print_line(const Line& line, bool coloured) {
    std::string out;
    for (const auto& span : line.spans) {
        const auto code = coloured ? code_of(span.look) : "";
        out += code;
        out += span.text;
        if (!code.empty()) out += "\x1b[0m";
    }
    if (!coloured) out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
    std::fwrite(out.data(), 1, out.size(), stdout);
}

int print_table(const Model& model) {
    constexpr std::size_t without_terminal = 80;
    winsize size{};
    const bool terminal = ::isatty(STDOUT_FILENO) != 0;
    const bool sized = terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    const char* plain = std::getenv("NO_COLOR");
    const bool coloured = terminal && (plain == nullptr || *plain == '\0');
    const auto width = sized ? std::max<std::size_t>(size.ws_col, smallest.width) : without_terminal;
    for (const auto& line : table_lines(model, View(), width, SystemClock().now())) print_line(line, coloured);
    if (!model.payouts_complete()) fmt::print("FINAL is of the newest {} payouts only\n", most_payouts);
    return std::fflush(stdout) == 0 ? exit_good : exit_bad;
}

int print_once(const Api& api, bool json) {
    const auto snapshot = read_snapshot(api, [] { return true; });
    if (!snapshot) return refuse(snapshot.error());
    Model model;
    apply(model, *snapshot);
    if (!json) return print_table(model);
    fmt::print("{}\n", document(model, api.url(), utc_text(SystemClock().now())).dump());
    return std::fflush(stdout) == 0 ? exit_good : exit_bad;
}

int run(const Options& options) {
    const bool live = !options.once && !options.json;
    if (live) block_ending_signals();
    const auto api = Api::create(options.target);
    if (!api) return refuse(api.error());
    if (!live) return print_once(**api, options.json);
    const auto ended = show(**api);
    if (!ended) return refuse(ended.error());
    return *ended == 0 ? exit_good : exit_signal + *ended;
}

}  // namespace

int main(int argc, char** argv) {
    std::setlocale(LC_CTYPE, "");
    CLI::App app{"Shows the way from checks to final payments, live in a terminal.", "stipend flow"};
    app.set_version_flag("--version", "stipend " STIPEND_VERSION);
    Options options;
    auto& target = options.target;
    app.add_option("-c,--config", target.config_file, "the configuration of a manager on this machine")
        ->type_name("FILE")
        ->capture_default_str();
    app.add_option("--url", target.url, "ask the manager there instead, such as https://payer.example:8010");
    app.add_option("--key", target.key_file,
                   "a file whose first line is an API key or a token; - for standard input (default: what "
                   "STIPEND_API_KEY holds)")
        ->type_name("FILE");
    app.add_option("--ca", target.ca, "trust these authorities (PEM) instead of the system's")->type_name("FILE");
    app.add_flag("--plain-http", target.plain_http, "also without TLS beyond this machine");
    app.add_flag("--once", options.once, "print a table and end");
    app.add_flag("--json", options.json, "print all as one JSON document and end");
    const bool asked = print_command_tree(app, "flow", argc, argv,
                                          {{exit_good, "It was shown"},
                                           {exit_bad, "The manager did not answer, or what it said cannot be shown"},
                                           {exit_usage, "The command line or the configuration is wrong"}});
    if (asked) return exit_good;
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? exit_good : exit_usage;
    }
    return run(options);
}
