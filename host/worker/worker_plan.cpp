#include "host/worker/worker_plan.hpp"

#include <algorithm>

#include "host/alert/rules.hpp"
#include "host/config/plugin_config.hpp"
#include "stipend/abi/alert.h"
#include "stipend/abi/monitor.h"
#include "stipend/abi/service.h"
#include "stipend/record.hpp"

namespace stipend::worker {
namespace {

constexpr std::string_view service_prefix = "worker:";
constexpr std::int64_t found_every_ns = 10 * ns_per_s;

std::string docker_target(const std::string& name) {
    return "docker:" + name;
}

}  // namespace

std::string service_key_of(std::string_view name) {
    return cat(service_prefix, name);
}

std::string service_name_of_key(std::string_view key) {
    if (!key.starts_with(service_prefix)) return std::string(key);
    return cat(service_key, "-", key.substr(service_prefix.size()));
}

bool is_service_key(std::string_view key) {
    return key == service_key || key.starts_with(service_prefix);
}

std::unique_ptr<WorkerPlan> make_worker_plan(plugin::Loader& loader, config::Settings settings,
                                             config::Diagnostics& diagnostics) {
    auto plan = std::make_unique<WorkerPlan>();
    plan->terms = make_terms(0, 0);  // a worker pays nothing
    const auto add = [&](const config::PluginRef& reference, std::string key, const std::string& name,
                         const std::string& path, const char* kind) {
        auto prepared = plugin::prepare(loader, reference, reference.config, path, kind, plan->terms, diagnostics);
        if (prepared) {
            plan->chosen.emplace_back(key, prepared->chosen);
            plan->instances.push_back({std::move(key), name, std::move(*prepared)});
        }
        plan->plugins.push_back(reference.plugin);
    };
    for (std::size_t at = 0; at < settings.monitors.size(); ++at) {
        const auto& monitor = settings.monitors[at];
        add(monitor, runtime::monitor_key(monitor.name), monitor.name, cat("monitors[", at, "].config"),
            STIPEND_MONITOR);
    }
    add(settings.worker, service_key, service_key, "worker.config", STIPEND_SERVICE);
    for (std::size_t at = 0; at < settings.workers.size(); ++at) {
        const auto key = service_key_of(settings.workers[at].name);
        add(settings.workers[at], key, service_name_of_key(key), cat("workers[", at, "].config"), STIPEND_SERVICE);
    }
    for (std::size_t at = 0; at < settings.alerts.receivers.size(); ++at) {
        const auto& receiver = settings.alerts.receivers[at];
        add(receiver, runtime::receiver_key(receiver.name), alert::instance_name(receiver.name),
            cat("alerts.receivers[", at, "].config"), STIPEND_ALERT);
    }
    for (std::size_t at = 0; at < settings.services.watch.size(); ++at) {
        const auto& service = settings.services.watch[at];
        const auto key = runtime::monitor_key(service.monitor);
        const auto monitor = std::ranges::find(plan->instances, key, &runtime::PlannedInstance::key);
        if (monitor == plan->instances.end()) continue;
        plugin::check_target(
            monitor->prepared, plan->terms,
            {cat("services.watch[", at, "].target"), config::endpoint_of(service), service.options, service.target_pos},
            diagnostics);
    }
    if (!diagnostics.empty()) return nullptr;
    plan->settings = std::move(settings);
    return plan;
}

std::vector<runtime::WatchTarget> targets_of(const config::Services& services,
                                             const std::vector<std::pair<std::string, std::string>>& found) {
    std::vector<runtime::WatchTarget> out;
    for (const auto& service : services.watch) {
        out.push_back({.owner = 0,
                       .id = service.name,
                       .endpoint = config::endpoint_of(service),
                       .monitor = service.monitor,
                       .every_ns = service.every_ns,
                       .attributes = service.options == nullptr ? "" : config::plugin_json(service.options),
                       .down_after = config::parse_down_after(service.down_after).value_or(config::DownAfter())});
    }
    for (const auto& [monitor, name] : found) {
        const auto same = [&name = name](const runtime::WatchTarget& target) { return target.id == name; };
        if (std::any_of(out.begin(), out.end(), same)) continue;
        out.push_back(
            {.owner = 0, .id = name, .endpoint = docker_target(name), .monitor = monitor, .every_ns = found_every_ns});
    }
    return out;
}

}  // namespace stipend::worker
