#include <CLI/CLI.hpp>

#include "host/cli/command_line.hpp"
#include "host/cli/plugins_signing.hpp"

namespace stipend::cli {

void add_plugins_signing_commands(CLI::App& plugins, PluginSigningOptions& options, int& status) {
    auto* keygen = plugins.add_subcommand("keygen", "make a pair of keys to sign plugins by");
    keygen->add_option("KEY", options.secret_key, "the secret key's new file; the public one is KEY.pub")->required();
    keygen->callback([&] { status = plugins_keygen(options); });

    auto* sign = plugins.add_subcommand("sign", "sign plugin files, each in FILE.minisig, as `minisign -S` does");
    sign->add_option("FILE", options.files, "a .so file")->required();
    sign->add_option("--key", options.secret_key, "the secret key's file, without a password")
        ->type_name("KEY")
        ->required();
    sign->add_option("--comment", options.comment, "is signed too (default: the time and the file's name)");
    sign->callback([&] { status = plugins_sign(options); });

    auto* verify = command(plugins, "verify", "check that plugin files are signed by a trusted key", options.common);
    verify->add_option("FILE", options.files, "a .so file, or the name of one in the plugin folder")->required();
    verify->add_option("--key", options.keys, "a public key, as in a .pub file (default: those of `plugins.trust`)")
        ->type_name("TEXT");
    verify->callback([&] { status = plugins_verify(options); });
}

}  // namespace stipend::cli
