// What a configuration comes to, before it is taken over: plugins loaded and tried, policies made, the spend worked
// out.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/config/settings.hpp"
#include "host/engine/engine.hpp"
#include "host/plugin/loader.hpp"
#include "host/plugin/prepare.hpp"

namespace stipend::engine {

inline constexpr std::size_t max_policies = 256;  // distinct overlays of the policy's configuration

// The largest that can be owed for a day, by the policies' own bounds and the accrual limits, in 1e-8 USD.
struct Spend {
    std::int64_t per_orchestrator_usd_e8 = 0;  // of the one that can earn the most
    std::int64_t all_usd_e8 = 0;
    std::size_t orchestrators = 0;
};

// What this host looks at by itself, for a payee.
struct PlannedCheck {
    std::string payee;  // its key
    config::Check check;
};

struct Plan {
    config::Settings settings;  // without its orchestrators: they stand in `publication`
    Publication publication;
    plugin::Prepared policy;
    plugin::Prepared dispatch;
    plugin::Prepared price;
    std::vector<std::pair<std::string, plugin::Prepared>> monitors;  // by name
    std::vector<PlannedCheck> checks;
    Spend spend;
    std::string registry_mark;  // equal marks: the same orchestrators with the same terms
};

// Makes a plan of loaded settings. Whatever is wrong goes to `problems`, and nothing is returned. Blocks: not on
// [control].
std::optional<Plan> make_plan(plugin::Loader& loader, config::Settings settings, config::Problems& problems);

// "12.00 USD/day for each of 3 orchestrators at most, 36.00 USD/day in all".
[[nodiscard]] std::string spend_text(const Spend& spend);

// True where `next` can spend more than twice what `now` can, per orchestrator or in all.
[[nodiscard]] bool more_than_doubles(const Spend& now, const Spend& next);

}  // namespace stipend::engine
