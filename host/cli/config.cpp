#include <cstdio>

#include "host/api/reference.hpp"
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

int config_api_reference(const Common&) {
    std::fputs(api::api_reference(api::ReferenceFormat::markdown).c_str(), stdout);
    return 0;
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
