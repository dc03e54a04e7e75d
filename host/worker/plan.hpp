// What a worker's configuration comes to, before it is taken over: plugins loaded and tried, services listed.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/config/settings.hpp"
#include "host/plugin/loader.hpp"
#include "host/plugin/prepare.hpp"
#include "host/work/watcher.hpp"
#include "stipend/record.hpp"

namespace stipend::worker {

// A worker pays nobody: its plugins get terms of nothing.
inline constexpr auto no_terms = make_terms(0, 0);

struct Plan {
    config::Settings settings;
    std::vector<std::pair<std::string, plugin::Prepared>> monitors;  // by name
    plugin::Prepared service;                                        // answers the jobs
};

// Makes a plan of a worker's settings. Whatever is wrong goes to `problems`, and nothing is returned. Blocks: not on
// [control].
std::optional<Plan> make_plan(plugin::Loader& loader, config::Settings settings, config::Problems& problems);

// What is watched: the configured services, and those of `found` that a monitor found by itself, as (monitor, name).
[[nodiscard]] std::vector<work::WatchTarget> targets_of(const config::Services& services,
                                                        const std::vector<std::pair<std::string, std::string>>& found);

}  // namespace stipend::worker
