#include "host/cli/commands.hpp"
#include "host/config/environment.hpp"

namespace stipend::cli {

int check(const Common& common) {
    config::Problems problems;
    static_cast<void>(config::load(common.config_file, config::ProcessEnvironment(), problems));
    return print_problems(problems, common.json);
}

}  // namespace stipend::cli
