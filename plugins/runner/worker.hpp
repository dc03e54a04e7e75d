// The worker's side of live runners: answers jobs over HTTP, and keeps a dynamic runner registered. Of a static one it
// answers the orchestrator's question for its health.
#pragma once

#include <string>

#include "heartbeat.hpp"
#include "livepeer/job_server.hpp"
#include "stipend/plugin.hpp"
#include "worker_schema.hpp"
#include "worker_settings.hpp"

namespace runner {

class Worker {
  public:
    using Settings = WorkerSettings;
    static constexpr stipend::PluginInfo info{
        .id = "org.stipend.runner.worker",
        .name = "Livepeer live runner worker",
        .version = "0.1.0",
        .vendor = "stipend",
        .license = "MIT",
        .description = "Answers calls of a live runner with the uptime of the services beside an orchestrator",
        .config_schema = worker_schema,
    };

    Worker(Settings settings, stipend::Host host);
    static stipend::Result<Settings> parse(const stipend::Json& json, const stipend_terms&) {
        return parse_worker_settings(json);
    }
    stipend::Result<void> start();  // as JobServer::start
    void quiesce();
    stipend::Result<void> health();
    stipend::Result<std::string> report();

  private:
    [[nodiscard]] stipend::Json registration() const;

    const Settings settings_;
    const stipend::Host host_;
    Heartbeat heartbeat_;
    stipend_unix_ns health_asked_ = 0;  // the last time; 0: never. [pool]
    livepeer::JobServer server_;
};

}  // namespace runner
