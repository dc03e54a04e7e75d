// What a running worker answers at its control socket, and how it takes another configuration.
#pragma once

#include <mutex>
#include <string>

#include "host/api/control.hpp"
#include "host/api/reload.hpp"
#include "host/config/environment.hpp"
#include "host/plugin/loader.hpp"
#include "host/worker/runtime.hpp"

namespace stipend::api {

// GET /status; POST /reload {"check"}. `runtime` outlives the server; `reload` is called on its worker.
Result<void> add_worker_routes(ControlServer& server, worker::Runtime& runtime, Reload reload);

// Takes a changed configuration, or a changed plugin, over into a running worker: all of it, or nothing.
class WorkerReloader {
  public:
    // All references outlive this.
    WorkerReloader(worker::Runtime& runtime, plugin::Loader& loader, const config::Environment& environment,
                   std::string file, config::Settings settings)
        : runtime_(runtime),
          loader_(loader),
          environment_(environment),
          file_(std::move(file)),
          settings_(std::move(settings)) {}

    // [any thread but control]
    ReloadReport reload(const ReloadRequest& request);
    // Is a file of that name in the plugin folder one of an active plugin? [any thread but control]
    [[nodiscard]] bool uses(const std::string& file);

  private:
    worker::Runtime& runtime_;
    plugin::Loader& loader_;
    const config::Environment& environment_;
    const std::string file_;
    std::mutex mutex_;
    config::Settings settings_;  // guarded by mutex_: in force
};

}  // namespace stipend::api
