#include "host/worker/plan.hpp"

#include <algorithm>

#include "stipend/abi/monitor.h"
#include "stipend/abi/service.h"

namespace stipend::worker {
namespace {

constexpr std::int64_t found_every_ns = 10 * ns_per_s;

std::string docker_target(const std::string& name) {
    return "docker:" + name;
}

}  // namespace

std::optional<Plan> make_plan(plugin::Loader& loader, config::Settings settings, config::Problems& problems) {
    Plan plan;
    for (std::size_t at = 0; at < settings.monitors.size(); ++at) {
        const auto& monitor = settings.monitors[at];
        if (auto prepared = plugin::prepare(loader, monitor, monitor.config, cat("monitors[", at, "].config"),
                                            STIPEND_MONITOR, no_terms, problems))
            plan.monitors.emplace_back(monitor.name, std::move(*prepared));
    }
    auto service = plugin::prepare(loader, settings.worker, settings.worker.config, "worker.config", STIPEND_SERVICE,
                                   no_terms, problems);
    if (!service || !problems.empty()) return std::nullopt;
    plan.service = std::move(*service);
    plan.settings = std::move(settings);
    return plan;
}

std::vector<work::WatchTarget> targets_of(const config::Services& services,
                                          const std::vector<std::pair<std::string, std::string>>& found) {
    std::vector<work::WatchTarget> out;
    for (const auto& service : services.watch) {
        out.push_back({.owner = 0,
                       .id = service.name,
                       .endpoint = service.target.empty() ? docker_target(service.name) : service.target,
                       .monitor = service.monitor,
                       .every_ns = service.every_ns});
    }
    for (const auto& [monitor, name] : found) {
        const auto same = [&name = name](const work::WatchTarget& target) { return target.id == name; };
        if (std::any_of(out.begin(), out.end(), same)) continue;
        out.push_back(
            {.owner = 0, .id = name, .endpoint = docker_target(name), .monitor = monitor, .every_ns = found_every_ns});
    }
    return out;
}

}  // namespace stipend::worker
