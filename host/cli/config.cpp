#include <cstdio>

#include "host/cli/commands.hpp"
#include "host/config/dump.hpp"
#include "host/config/environment.hpp"
#include "host/config/load.hpp"
#include "host/config/reference.hpp"

namespace stipend::cli {

int config_schema(const Common&, const std::string& role) {
    const auto of = role == "worker" ? config::Role::worker : config::Role::manager;
    std::puts(config::settings_schema(of).dump().c_str());
    return exit_good;
}

int config_reference(const Common&) {
    std::fputs(config::settings_reference().c_str(), stdout);
    return exit_good;
}

int config_dump(const Common& common) {
    config::Diagnostics diagnostics;
    const auto loaded = config::load(common.config_file, config::ProcessEnvironment(), diagnostics);
    if (!diagnostics.empty()) return print_diagnostics(diagnostics, common.json);
    const auto text =
        common.json ? config::dump_json(loaded.settings).dump() + "\n" : config::dump_yaml(loaded.settings);
    std::fputs(text.c_str(), stdout);
    return exit_good;
}

}  // namespace stipend::cli
