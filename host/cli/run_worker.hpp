// `stipend run` of a worker.
#pragma once

#include "host/cli/commands.hpp"
#include "host/cli/reporter.hpp"
#include "host/config/environment.hpp"

namespace stipend::cli {

// Runs until it is told to stop; returns the exit status.
int run_worker(const RunOptions& options, const config::Environment& environment, std::string text,
               config::Settings settings, LineReporter& reporter);

}  // namespace stipend::cli
