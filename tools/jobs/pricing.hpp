// What the orchestrators of a load cost for what they did.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "livepeer/runner_wire.hpp"
#include "livepeer/token.hpp"
#include "stipend/json.hpp"
#include "tools/jobs/load.hpp"

namespace stipend::jobs {

// What an orchestrator says of its price before a load.
struct Stated {
    std::optional<Wei> price;  // wei for each second or call; nothing: not stated
    bool per_call = false;
    std::optional<std::int64_t> free_slots;
    std::string problem;  // why there is no price, or why it is not called
};
[[nodiscard]] Stated stated_by(const livepeer::Token& token);
[[nodiscard]] Stated stated_by(const livepeer::RunnerOffer& offer);

struct Priced {
    std::string orchestrator;
    Stated stated;
    std::uint64_t sent = 0;
    std::uint64_t succeeded = 0;
    std::optional<std::int64_t> p99_us;
    std::optional<Wei> cost_per_success;  // rounded up
    std::uint32_t weight_percent = 0;     // of the plan; advice, and no money depends on it
};

// Pure, in the order of `orchestrators`. What a success cost is the price of all seconds that were charged, or of all
// calls, those that failed as well, by the number of successes; where payments were made, all of them. The weight
// follows success / (p99 x cost), where a cost counts as 1 and its ratio to the mean of all that cost anything; the
// weights are 100 in all, or 0 where nothing has a weight.
std::vector<Priced> priced(const std::vector<Asked>& orchestrators, const std::map<std::string, Stated>& stated,
                           const Run& run);

Json json_of(const std::vector<Priced>& all);
std::string text_of(const std::vector<Priced>& all);

}  // namespace stipend::jobs
