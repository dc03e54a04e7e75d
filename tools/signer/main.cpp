// `stipend-signer`: owns the payer's key, and signs payments within its own limits. Logs go to standard error.
#include <fmt/format.h>
#include <sys/signalfd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <string>

#include "host/base/command_tree.hpp"
#include "tools/signer/key_file.hpp"
#include "tools/signer/sandbox.hpp"
#include "tools/signer/server.hpp"

namespace {

using stipend::Result;
using namespace stipend::signer;

// SIGTERM and SIGINT as a descriptor.
Result<stipend::Fd> stop_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    stipend::Fd fd(::signalfd(-1, &set, SFD_CLOEXEC));
    if (!fd || ::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) {
        return stipend::fail(STIPEND_E_INTERNAL, "signals cannot be waited for");
    }
    return fd;
}

Result<void> run(const std::string& file) {
    STIPEND_TRY(hide_memory());
    STIPEND_LET(settings, load_settings(file));
    STIPEND_LET(key, load_key(settings));
    if (!key.locked())
        return stipend::fail(STIPEND_E_CONFIG, "the key's memory is not locked: want LimitMEMLOCK= of 64 MiB or more");
    STIPEND_TRY(lock_memory());
    STIPEND_LET(store, Store::open(settings.state, key.address(), settings.chain_id));
    STIPEND_LET(stop, stop_signals());
    STIPEND_LET(server, Server::listen(settings.socket, settings.users));
    const auto address = key.address().text();
    const auto chain_id = settings.chain_id;
    Signer signer(std::move(key), std::move(settings), std::move(store), read_clock);
    STIPEND_TRY(restrict_system_calls());
    fmt::print(stderr, "stipend-signer: signs for {} on chain {}\n", address, chain_id);
    return server.run(signer, stop.get());
}

// All that `run` needs, without the socket and the store.
Result<void> check(const std::string& file) {
    STIPEND_TRY(hide_memory());
    STIPEND_LET(settings, load_settings(file));
    STIPEND_LET(key, load_key(settings));
    fmt::print("{}: signs for {} on chain {}\n", file, key.address().text(), settings.chain_id);
    return {};
}

Result<void> print_address(const std::string& file) {
    STIPEND_TRY(hide_memory());
    STIPEND_LET(settings, load_settings(file));
    STIPEND_LET(key, load_key(settings));
    fmt::print("{}\n", key.address().text());
    return {};
}

Result<void> store_new(Result<stipend::ethereum::PrivateKey> key, const std::string& out,
                       const std::string& passphrase) {
    if (!key) return std::move(key).error();
    STIPEND_TRY(store_key(*key, out, passphrase));
    fmt::print("{}\n", key->address().text());
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Owns the payer's key and signs payments within its own limits."};
    app.require_subcommand(1);
    std::string config = "/etc/stipend/signer.yaml";
    std::string out;
    std::string passphrase;
    std::string from;
    const auto with_config = [&](const char* name, const char* text) {
        auto* command = app.add_subcommand(name, text);
        command->add_option("-c,--config", config, "the configuration")->type_name("FILE")->capture_default_str();
        return command;
    };
    auto* run_command = with_config("run", "answers on the socket until SIGTERM");
    auto* check_command = with_config("check", "reads the configuration and opens the key");
    auto* address_command = with_config("address", "prints the payer's address");
    auto* key_command = app.add_subcommand("key", "makes keystores");
    key_command->require_subcommand(1);
    const auto with_files = [&](const char* name, const char* text) {
        auto* command = key_command->add_subcommand(name, text);
        command->add_option("--out", out, "the new keystore; a file that is there is left alone")
            ->type_name("FILE")
            ->required();
        command->add_option("--passphrase-file", passphrase, "a file with mode 0600")->type_name("FILE")->required();
        return command;
    };
    auto* new_command = with_files("new", "makes a key");
    auto* import_command = with_files("import", "takes a key that there is");
    import_command->add_option("--from", from, "a file with mode 0600 that has the key as 64 hex digits")
        ->type_name("FILE")
        ->required();
    if (stipend::print_command_tree(app, "signer", argc, argv, {{0, "It was done"}, {1, "It could not be done"}}))
        return 0;
    CLI11_PARSE(app, argc, argv);

    Result<void> done;
    if (*run_command) done = run(config);
    if (*check_command) done = check(config);
    if (*address_command) done = print_address(config);
    if (*new_command || *import_command) done = hide_memory();
    if (done && *new_command) done = store_new(stipend::ethereum::PrivateKey::generate(), out, passphrase);
    if (done && *import_command) done = store_new(import_key(from), out, passphrase);
    if (done) return 0;
    fmt::print(stderr, "stipend-signer: {}\n", done.error().message);
    return 1;
}
