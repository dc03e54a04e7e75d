// `stipend plugins test`.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "host/cli/context.hpp"

namespace stipend::cli {

struct PluginTestOptions {
    std::string file, id, config;
    std::uint64_t seed = 1;
    bool only_failed = false, json = false, valgrind = false;
};

// Exit status 0: no rule is broken; 1: one is, or the file or its configuration is; 2: the command line is.
int plugins_test(const PluginTestOptions& options);

// Adds the command below `plugins`. All outlive `plugins`.
void add_plugins_test_command(CLI::App& plugins, PluginTestOptions& options, int& status);

}  // namespace stipend::cli
