// The worker's side of BYOC: answers jobs over HTTP, and keeps the capability registered.
#pragma once

#include <string>

#include "livepeer/job_server.hpp"
#include "registration.hpp"
#include "stipend/plugin.hpp"
#include "worker_schema.hpp"
#include "worker_settings.hpp"

namespace byoc {

class Worker {
  public:
    using Settings = WorkerSettings;
    static constexpr stipend::PluginInfo info{
        .id = "org.stipend.byoc.worker",
        .name = "Livepeer BYOC worker",
        .version = "0.1.0",
        .vendor = "stipend",
        .license = "MIT",
        .description = "Answers jobs with the uptime of the services beside an orchestrator",
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
    const Settings settings_;
    Registration registration_;
    livepeer::JobServer server_;
};

}  // namespace byoc
