// The subcommands: each takes what the command line said and returns the exit status.
#pragma once

#include <string>

#include "host/cli/context.hpp"

namespace stipend::cli {

struct EvalOptions {
    Common common;
    std::string base_usd;     // empty: as configured
    std::string usd_per_eth;  // empty: 2000
    std::string interval;     // empty: as configured
};
int policy_eval(const EvalOptions& options);

struct RunOptions {
    Common common;
    bool once = false;  // one cycle of what is due, without a listener
};
int run(const RunOptions& options);

int config_schema(const Common& common);
int config_dump(const Common& common);
int check(const Common& common);

int plugins_list(const Common& common);
int plugins_inspect(const Common& common, const std::string& file);

}  // namespace stipend::cli
