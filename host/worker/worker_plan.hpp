// A worker's configuration, ready to be put in force: plugins loaded and tried, services listed.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/runtime/role.hpp"

namespace stipend::worker {

// The key of the first instance that answers jobs; it is its name as well.
inline constexpr const char* service_key = "worker";
// Those of another one, by the name in the configuration. [pure]
[[nodiscard]] std::string service_key_of(std::string_view name);
[[nodiscard]] std::string service_name_of_key(std::string_view key);
// True for the key of any of them. [pure]
[[nodiscard]] bool is_service_key(std::string_view key);

struct WorkerPlan final : runtime::Plan {};

// Makes a plan of a worker's settings. Whatever is wrong goes to `diagnostics`, and nothing is returned. Blocks: not on
// [control].
std::unique_ptr<WorkerPlan> make_worker_plan(plugin::Loader& loader, config::Settings settings,
                                             config::Diagnostics& diagnostics);

// What is watched: the configured services, and those of `found` that a monitor discovered, as (monitor, name).
[[nodiscard]] std::vector<runtime::WatchTarget> targets_of(
    const config::Services& services, const std::vector<std::pair<std::string, std::string>>& found);

}  // namespace stipend::worker
