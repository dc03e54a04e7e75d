// Watches containers of a Docker Engine: through its events as they happen, and by a look at all of them at every
// interval. A container is up while it runs and its health check, where it has one, does not call it unhealthy
// (DEGRADED then); what does not exist, is paused, restarting, created or over is DOWN. What the engine did not let us
// see is UNKNOWN.
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

    // Looks once at one container, by its name.
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
    std::map<stipend_op, Watch> watches_;                // [worker]
    std::map<stipend_op, std::shared_ptr<Look>> looks_;  // [worker]
    std::mutex mutex_;
    std::map<stipend_op, std::string> troubles_;  // guarded by mutex_: what each watch suffers from
};

}  // namespace monitor::docker
