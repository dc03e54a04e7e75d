// A gateway, or the terms of live runners, and the orchestrators as a manager's configuration has them, and those that
// a running host pays.
#pragma once

#include <string>
#include <vector>

#include "host/config/settings.hpp"
#include "stipend/result.hpp"
#include "tools/jobs/plan.hpp"
#include "tools/jobs/runner_call.hpp"

namespace stipend::jobs {

struct HostConfig {
    Way way;
    bool by_runner = false;  // its dispatcher calls live runners, and has no gateway
    RunnerTerms terms;
    std::vector<Asked> orchestrators;
    std::string state;  // the folder
    config::Settings settings;
};
// CONFIG, with the diagnostics: what is read of the file is wrong. Credentials that only the service can read are not.
Result<HostConfig> read_host_config(const std::string& file);

// The addresses that the host with this state folder pays, those that joined over the API too; none where no host runs.
Result<std::vector<std::string>> paid_by_host(const std::string& state);

// The first of `orchestrators` (none: any may be asked) that is among `paid`; empty if none is.
std::string first_paid(const std::vector<Asked>& orchestrators, const std::vector<std::string>& paid);

}  // namespace stipend::jobs
