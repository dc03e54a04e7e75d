// `stipend plugins keygen`, `sign` and `verify`: signatures that `plugins.trust` wants, in minisign's format.
#pragma once

#include <string>
#include <vector>

#include "host/cli/context.hpp"

namespace CLI {
class App;
}

namespace stipend::cli {

struct PluginSigningOptions {
    Common common;                   // of `verify`
    std::string secret_key;          // file of `keygen` and of `sign`
    std::vector<std::string> files;  // of `sign` and `verify`
    std::string comment;             // of `sign`; empty: time and name of the file
    std::vector<std::string> keys;   // of `verify`: instead of `plugins.trust`
};

// Each returns the exit status. `keygen` overwrites nothing; `sign` replaces a signature of the same file.
int plugins_keygen(const PluginSigningOptions& options);
int plugins_sign(const PluginSigningOptions& options);
int plugins_verify(const PluginSigningOptions& options);

// Below `plugins`. All outlive it.
void add_plugins_signing_commands(CLI::App& plugins, PluginSigningOptions& options, int& status);

}  // namespace stipend::cli
