// From the command line, and the configuration where one is named, to what is sent and where to.
#pragma once

#include <string>
#include <vector>

#include "stipend/result.hpp"
#include "tools/jobs/commands.hpp"
#include "tools/jobs/plan.hpp"
#include "tools/jobs/runner_call.hpp"

namespace stipend::jobs {

struct Chosen {
    Way way;                 // by live runners, without a gateway
    bool by_runner = false;  // to the orchestrators themselves
    RunnerTerms terms;
    std::vector<Asked> orchestrators;
    std::string body;  // empty: the default
    Check check;
    std::string state;  // of the configuration; empty without one
};
// INVALID or CONFIG: what is wrong.
Result<Chosen> choose(const WayOptions& options);

// An amount of wei; without a text `out` stays as it is.
Result<void> take_limit(std::string_view name, const std::string& text, Wei& out);
// Seconds as a bare number, or a duration with a unit.
Result<std::int64_t> parse_seconds(std::string_view name, std::string_view text);

}  // namespace stipend::jobs
