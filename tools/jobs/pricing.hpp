// What the orchestrators of a load cost for what they did.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "livepeer/token.hpp"
#include "stipend/json.hpp"
#include "tools/jobs/load.hpp"

namespace stipend::jobs {

struct Priced {
    std::string orchestrator;
    std::optional<Wei> price;  // wei per second; nothing: not stated
    std::string problem;       // why not
    std::optional<std::int64_t> free_slots;
    std::uint64_t sent = 0;
    std::uint64_t succeeded = 0;
    std::optional<std::int64_t> p99_us;
    std::optional<Wei> cost_per_success;  // rounded up
    std::uint32_t weight_percent = 0;     // of the plan; advice, and no money depends on it
};

// Pure, in the order of `orchestrators`. What a success cost is the price of all seconds that were charged, those of
// jobs that failed as well, by the number of successes. The weight follows success / (p99 x cost), where a cost counts
// as 1 and its ratio to the mean of all that cost anything; the weights are 100 in all, or 0 where nothing has a
// weight.
std::vector<Priced> priced(const std::vector<Asked>& orchestrators,
                           const std::map<std::string, livepeer::Token>& tokens, const Run& run);

Json json_of(const std::vector<Priced>& all);
std::string text_of(const std::vector<Priced>& all);

}  // namespace stipend::jobs
