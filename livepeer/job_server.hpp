// Answers jobs and the routes for people with what the host observed of the services beside an orchestrator. It
// observes nothing itself, so the number of requests changes no figure.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "livepeer/evidence.hpp"
#include "livepeer/worker_answers.hpp"
#include "livepeer/worker_settings.hpp"
#include "stipend/host.hpp"
#include "stipend/routes.hpp"
#include "stipend/services.hpp"

namespace livepeer {

// What a plugin may have its server call. [pool]
struct JobServerHooks {
    std::function<void()> job_arrived;            // one that is taken
    std::function<void()> health_asked;           // GET /health
    std::function<stipend::Json()> registration;  // for the status; an empty function: there is none
};

class JobServer {
  public:
    // `settings` outlives this object. Called in the plugin's constructor.
    JobServer(const WorkerSettings& settings, stipend::Host host, JobServerHooks hooks);

    // Adds the routes: GET /health, /service-status, /service-uptime, and POST of the job path, each below the prefix.
    // Then it finds the key that signs evidence, without which jobs are answered and not signed, and, where the worker
    // registers, calls `register_it`, both [pool]. UNSUPPORTED: this host has no routes, or no HTTP client to register
    // with. CONFLICT: a route is in use. [control] In the plugin's `start`.
    stipend::Result<void> start(std::function<void()> register_it);
    // True if no job is in hand. [pool]
    [[nodiscard]] bool idle() const { return in_hand_.empty(); }
    // INTERNAL: there is no key. [any]
    [[nodiscard]] stipend::Result<void> health() const;
    // The plugin's report, with `registration` as a member of it. [pool]
    [[nodiscard]] stipend::Json report(stipend::Json registration) const;

  private:
    stipend::Result<void> add_routes();
    void begin();
    stipend::Result<void> add_route(std::string_view method, std::string_view path, stipend::Route::Handler handler);
    [[nodiscard]] stipend::Result<SigningKey> configured_key();
    // Responds with `answer` of the report on the requested window.
    void tell(stipend::RouteRequest request,
              stipend::Json (JobServer::*answer)(const stipend::ServiceReport&) const) const;
    [[nodiscard]] stipend::Json status(const stipend::ServiceReport& report) const;
    [[nodiscard]] stipend::Json uptime(const stipend::ServiceReport& report) const;
    void take_job(stipend::RouteRequest request);
    void do_job(stipend::RouteRequest request, const JobAsked& job);
    void refuse_job(stipend::RouteRequest request, int status, std::string_view why);
    [[nodiscard]] bool may_ask(const stipend::RouteRequest& request) const;

    const WorkerSettings& settings_;
    const stipend::Host host_;
    const JobServerHooks hooks_;
    stipend::Metric jobs_, jobs_refused_;
    std::vector<stipend::Route> routes_;
    // [pool]
    std::optional<SigningKey> key_;
    std::map<std::uint64_t, std::unique_ptr<stipend::Timer>> in_hand_;  // each holds an accepted job
    std::uint64_t last_job_ = 0;
    std::int64_t jobs_done_ = 0;
    std::int64_t jobs_turned_away_ = 0;
    mutable std::mutex mutex_;
    std::string key_problem_;  // guarded by mutex_
};

}  // namespace livepeer
