#include <cstdio>

#include "host/api/reference.hpp"
#include "host/base/printable.hpp"
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
    if (common.json) {
        std::puts(config::dump_json(loaded.settings, loaded.tables).dump().c_str());
        return exit_good;
    }
    if (const auto& tables = loaded.tables) {
        std::printf("# payment.policy.config.tables: laid over by %s%s\n", printable_line(tables->file).c_str(),
                    tables->text ? "" : ", which is not there");
    }
    std::fputs(config::dump_yaml(loaded.settings, loaded.tables).c_str(), stdout);
    return exit_good;
}

}  // namespace stipend::cli
