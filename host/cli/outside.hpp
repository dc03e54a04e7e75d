// The outside of a running host, whatever its role: its control socket, its metrics, its watch of the plugin folder.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "host/api/control.hpp"
#include "host/api/plugin_watch.hpp"
#include "host/api/reload.hpp"
#include "host/cli/reporter.hpp"
#include "host/config/settings.hpp"
#include "host/work/metrics.hpp"

namespace stipend::cli {

// What the outside does with the host that is inside.
struct Inside {
    std::function<Result<void>(api::ControlServer&, api::Reload)> add_routes;
    api::Reload reload;
    std::function<bool(const std::string& file)> uses;  // is it a file of an active plugin?
    std::function<void(Task)> post;                     // on [control]
    std::function<void()> refresh_metrics;              // [control]
};

class Outside {
  public:
    Outside(Inside inside, LineReporter& reporter) : inside_(std::move(inside)), reporter_(reporter) {}

    // Only the control socket must open; what else does not is told.
    Result<void> open(const config::Settings& settings, work::Metrics& metrics);
    // Whoever asks, the service manager and the log hear of it.
    api::ReloadReport reload(const api::ReloadRequest& request);

  private:
    void tell(const api::ReloadReport& report);
    void plugin_written(const std::string& file);

    const Inside inside_;
    LineReporter& reporter_;
    std::unique_ptr<api::ControlServer> server_;
    std::unique_ptr<http::Server> metrics_;
    std::unique_ptr<api::PluginWatch> watch_;
};

}  // namespace stipend::cli
