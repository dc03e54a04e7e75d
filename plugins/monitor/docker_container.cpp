#include "docker_container.hpp"

#include "docker_time.hpp"
#include "stipend/abi/monitor.h"
#include "stipend/json.hpp"

namespace monitor::docker {

using stipend::Json;

std::int32_t verdict_of(const Container& container) {
    if (container.state == State::other) return STIPEND_UNKNOWN;
    if (!container.runs()) return STIPEND_DOWN;
    return container.health == Health::unhealthy ? STIPEND_DEGRADED : STIPEND_UP;
}

std::string evidence_of(const Container& container, std::string_view why) {
    auto out = Json::object().set("state", name_of(container.state));
    const bool alive = container.runs() || container.state == State::paused;
    if (alive && container.health != Health::none) out.set("health", name_of(container.health));
    if (container.restarts) out.set("restarts", *container.restarts);
    if (container.started_at != 0) out.set("started_at", time_text(container.started_at));
    const bool over =
        container.state == State::exited || container.state == State::dead || container.state == State::restarting;
    if (over && container.finished_at != 0) {
        out.set("finished_at", time_text(container.finished_at));
    }
    if (over && container.exit_code) out.set("exit_code", *container.exit_code);
    if (over && container.oom_killed) out.set("oom_killed", true);
    if (!why.empty()) out.set("why", stipend::clip(why, longest_why));
    return out.dump();
}

bool changes_state(Action action) {
    switch (action) {
        case Action::create:
        case Action::start:
        case Action::die:
        case Action::pause:
        case Action::unpause:
        case Action::health:
            return true;
        default:
            return false;
    }
}

void take_event(Container& container, const Event& event) {
    switch (event.action) {
        case Action::create:
            container.state = State::created;
            break;
        case Action::start:
            container.state = State::running;
            container.started_at = event.at;
            container.oom_killed = false;
            container.exit_code.reset();
            if (container.health != Health::none) container.health = Health::starting;
            break;
        case Action::die:
            container.state = State::exited;
            container.finished_at = event.at;
            container.exit_code = event.exit_code;
            break;
        case Action::oom:
            container.oom_killed = true;
            break;
        case Action::pause:
            container.state = State::paused;
            break;
        case Action::unpause:
            container.state = State::running;
            break;
        case Action::health:
            container.health = event.health;
            break;
        default:
            break;
    }
}

}  // namespace monitor::docker
