// What a container's inspection proves of the time before it.
#include <algorithm>

#include "docker_tracker.hpp"

namespace monitor::docker {

std::vector<std::string> Tracker::stale() const {
    std::vector<std::string> out;
    for (const auto& [name, container] : known_) {
        if (container.stale) out.push_back(container.id);
    }
    return out;
}

void Tracker::details(const Details& details, stipend_unix_ns at) {
    const auto found = known_.find(details.name);
    if (found == known_.end() || found->second.id != details.id)
        return;  // renamed or recreated: the next list shows it
    auto& container = found->second;
    if (container.event_at > at) return;  // outdated: stays stale
    container.image = details.image.empty() ? container.image : details.image;
    container.state = details.state;
    container.health = details.health;
    container.restarts = details.restarts;
    container.exit_code = details.exit_code;
    container.oom_killed = details.oom_killed;
    container.started_at = details.started_at;
    container.finished_at = details.finished_at;
    container.stale = false;
    container.listed_at = 0;
    prove(details.name, container, at);
}

void Tracker::no_details(const std::string& id, const std::string& why) {
    for (auto& [name, container] : known_) {
        if (container.id != id || container.listed_at == 0) continue;
        const auto at = std::exchange(container.listed_at, 0);
        say(name, verdict_of(container), at, at, evidence_of(container, why));
    }
}

// Reports what the times of a container's runs prove, the older first. A run does not show its pauses and its health,
// so only a container that is up now is reported as up since its start.
void Tracker::prove(const std::string& name, const Known& container, stipend_unix_ns at) {
    const auto verdict = verdict_of(container);
    const auto started = container.started_at;
    const auto finished = container.finished_at;
    const auto evidence = evidence_of(container);
    const bool sane = started > 0 && started <= at && finished <= at;
    const bool in_run = container.runs() || container.state == State::paused;
    auto from = at;
    if (sane && in_run) {
        if (finished > 0 && finished < started) {
            Container before = static_cast<const Container&>(container);
            before.state = State::exited;
            say_since_named(name, container, STIPEND_DOWN, finished, started, evidence_of(before, "between two runs"));
        }
        // A run in which it was observed paused or unhealthy was not up throughout.
        const auto& history = histories_[name];
        if (verdict == STIPEND_UP) {
            from = history.bad_at <= started ? started : history.good ? history.good_from : at;
            // No event since it took its name: its state has not changed.
            const auto named = container.named_at;
            if (container.untouched && started <= named && history.bad_at <= named) from = std::min(from, named);
        }
    } else if (sane && finished >= started && verdict == STIPEND_DOWN) {
        Container before = static_cast<const Container&>(container);
        before.state = State::running;
        before.health = Health::none;
        const auto bad_at = histories_[name].bad_at;
        const auto up_from = bad_at < finished ? std::max(started, bad_at) : started;
        say_since_named(name, container, STIPEND_UP, up_from, finished, evidence_of(before, "its last run"));
        from = finished;
    }
    say_since_named(name, container, verdict, from, at, evidence);
}

void Tracker::say_since_named(const std::string& name, const Known& container, std::int32_t verdict,
                              stipend_unix_ns from, stipend_unix_ns to, std::string_view evidence) {
    const auto least = std::max(container.named_at, proofs_from_);
    if (to >= least) say(name, verdict, std::max(from, least), to, evidence);
}

}  // namespace monitor::docker
