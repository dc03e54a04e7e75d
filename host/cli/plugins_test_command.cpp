#include "host/cli/plugins_test.hpp"

namespace stipend::cli {

void add_plugins_test_command(CLI::App& plugins, PluginTestOptions& options, int& status) {
    auto* app = plugins.add_subcommand("test", "hold one plugin to the rules of the ABI, one line each");
    app->add_option("FILE", options.file, "a .so file, or the name of one in the plugin folder")->required();
    app->add_option("--config", options.config,
                    "the plugin's own configuration, as below `config:` (default: one that its schema allows)")
        ->type_name("FILE.yaml");
    app->add_option("--id", options.id, "only this plugin of the library (default: all)");
    app->add_option("--seed", options.seed, "what samples and configurations are drawn from")
        ->check(CLI::Range(std::uint64_t{0}, static_cast<std::uint64_t>(INT64_MAX)))
        ->capture_default_str();
    app->add_flag("--only-failed", options.only_failed, "only the rules that are broken");
    app->add_flag("--json", options.json, "answer as JSON");
    app->add_flag("--valgrind", options.valgrind, "run the plugin under valgrind as well");
    app->callback([&] { status = plugins_test(options); });
}

}  // namespace stipend::cli
