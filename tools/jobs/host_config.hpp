// A gateway, or the terms of live runners, and the orchestrators as a manager's configuration has them, and those that
// a running host pays.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/config/settings.hpp"
#include "stipend/result.hpp"
#include "tools/jobs/plan.hpp"
#include "tools/jobs/runner_call.hpp"

namespace stipend::jobs {

struct HostConfig {
    Way way;
    bool by_runner = false;  // the dispatcher calls live runners, and has no gateway
    RunnerTerms terms;
    std::vector<Asked> orchestrators;  // whose jobs that dispatcher sends
    std::string state;                 // the folder
    config::Settings settings;
};
// Of the dispatchers that a configuration has: the first one by that plugin, "byoc" or "runner"; where nothing is
// wanted, the first that goes by a gateway. `dispatch` where there is none. One of `settings`.
[[nodiscard]] const config::Dispatch& chosen_dispatcher(const config::Settings& settings, std::string_view wanted);

// CONFIG, with the diagnostics: what is read of the file is wrong. Credentials that only the service can read are not.
// `wanted`: see chosen_dispatcher.
Result<HostConfig> read_host_config(const std::string& file, std::string_view wanted);

// The addresses that the host with this state folder pays, those that joined over the API too; none where no host runs.
Result<std::vector<std::string>> paid_by_host(const std::string& state);

// The first of `orchestrators` (none: any may be asked) that is among `paid`; empty if none is.
std::string first_paid(const std::vector<Asked>& orchestrators, const std::vector<std::string>& paid);

}  // namespace stipend::jobs
