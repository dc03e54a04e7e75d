#include <CLI/CLI.hpp>

#include "host/cli/plugins_new.hpp"

namespace stipend::cli {

void add_plugins_new_command(CLI::App& plugins, NewPluginOptions& options, int& status) {
    auto* made = plugins.add_subcommand("new", "write a project of a plugin: sources, build file, test and README");
    made->add_option("NAME", options.name, "its name, such as night-rate")->required();
    made->add_option("--kind", options.kind, "policy, or in C++ price")->capture_default_str();
    made->add_option("--lang", options.language, "c++, c, rust or go")->capture_default_str();
    made->add_option("--folder", options.folder, "where, new or empty (default: a folder of that name)")
        ->type_name("FOLDER");
    made->callback([&] { status = plugins_new(options); });
}

}  // namespace stipend::cli
