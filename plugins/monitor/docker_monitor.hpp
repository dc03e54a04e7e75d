// Watches containers of a Docker Engine: through its event stream, and by listing all of them at every interval. A
// container is UP while it runs, and DEGRADED while its health check, if any, reports unhealthy. A container that does
// not exist, is paused, restarting, created or exited is DOWN. Time without access to the engine is UNKNOWN.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "docker_schema.hpp"
#include "docker_session.hpp"
#include "stipend/plugin.hpp"

namespace monitor::docker {

class Docker {
  public:
    using Settings = docker::Settings;
    static constexpr stipend::PluginInfo info{
        .id = "org.stipend.monitor.docker",
        .name = "Docker containers",
        .version = "1.0.0",
        .vendor = "stipend",
        .license = "MIT",
        .description = "Watches containers of a Docker Engine: state, health, restarts, and what each gap hid",
        .config_schema = config_schema,
    };

    Docker(Settings settings, stipend::Host host) : settings_(std::move(settings)), host_(host) {}
    static stipend::Result<Settings> parse(const stipend::Json& json, const stipend_terms& terms);
    static stipend::Result<void> check_target(const Settings& settings, const stipend_target& target);

    // Checks one container once, by its name.
    stipend::Result<void> probe(const stipend_target& target, stipend_mono_ns deadline,
                                stipend::Completion<stipend_observation> done);
    stipend::Result<void> watch(std::span<const stipend_target> targets, stipend::Observer observer,
                                stipend::Completion<stipend::Nothing> done);
    void cancel(stipend_op op);
    void quiesce();
    stipend::Result<void> health();

  private:
    struct Look;
    struct Watch {
        std::shared_ptr<Session> session;
        stipend::Completion<stipend::Nothing> done;
    };
    void on_answer(stipend_op op, const stipend::HttpReply& reply);
    void set_trouble(stipend_op op, const std::string& why);

    const Settings settings_;
    const stipend::Host host_;
    std::map<stipend_op, Watch> watches_;                // [pool]
    std::map<stipend_op, std::shared_ptr<Look>> looks_;  // [pool]
    std::mutex mutex_;
    std::map<stipend_op, std::string> troubles_;  // guarded by mutex_: the problem of each watch
};

}  // namespace monitor::docker
