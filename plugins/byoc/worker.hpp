// The worker's side of BYOC: reports over HTTP what the host observed of the services beside an orchestrator, and keeps
// the capability registered. It observes nothing itself, so the number of requests changes no figure.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "livepeer/evidence.hpp"
#include "registration.hpp"
#include "stipend/plugin.hpp"
#include "worker_answers.hpp"
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
    // UNSUPPORTED: this host has no routes, or no HTTP client for the registration. CONFLICT: a route is in use.
    stipend::Result<void> start();
    void quiesce();
    stipend::Result<void> health();
    stipend::Result<std::string> report();

  private:
    stipend::Result<void> mount();
    stipend::Result<void> add_route(std::string_view method, const std::string& path, stipend::Route::Handler handler);
    void begin();
    stipend::Result<livepeer::SigningKey> find_key();
    // Responds with `answer` of the report on the requested window.
    void tell(stipend::RouteRequest request,
              stipend::Json (Worker::*answer)(const stipend::ServiceReport&) const) const;
    stipend::Json status(const stipend::ServiceReport& report) const;
    stipend::Json uptime(const stipend::ServiceReport& report) const;
    void take_job(stipend::RouteRequest request);
    void do_job(stipend::RouteRequest request, const JobAsked& job);
    void refuse_job(stipend::RouteRequest request, int status, std::string_view why);
    [[nodiscard]] bool may_ask(const stipend::RouteRequest& request) const;

    const Settings settings_;
    const stipend::Host host_;
    Registration registration_;
    stipend::Metric jobs_, jobs_refused_;
    std::vector<stipend::Route> routes_;
    // [pool]
    std::optional<livepeer::SigningKey> key_;
    std::map<std::uint64_t, std::unique_ptr<stipend::Timer>> in_hand_;  // each holds an accepted job
    std::uint64_t last_job_ = 0;
    std::int64_t jobs_done_ = 0;
    std::int64_t jobs_turned_away_ = 0;
    mutable std::mutex mutex_;
    std::string key_problem_;  // guarded by mutex_
};

}  // namespace byoc
