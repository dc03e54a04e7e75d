// What happened while nothing was observed, from the events that the engine kept and its list afterwards.
#include <algorithm>

#include "docker_tracker.hpp"

namespace monitor::docker {

void Tracker::close(const std::string& name, const Stretch& stretch, stipend_unix_ns to) {
    say(name, stretch.verdict, stretch.since, std::max(stretch.since, to), stretch.evidence);
}

void Tracker::replay(const std::vector<Event>& missed, stipend_unix_ns at, Stretches& open) {
    for (const auto& event : missed) {
        if (event.at > at) break;
        apply(event, [&](const std::string& name) {
            if (const auto found = open.find(name); found != open.end()) close(name, found->second, event.at);
            const auto [verdict, evidence] = state_of(name);
            const auto known = known_.find(name);
            open[name] = {event.at, verdict, evidence, known == known_.end() ? std::string() : known->second.id};
        });
    }
}

void Tracker::resume(const std::vector<Listed>& list, std::vector<Event> missed, stipend_unix_ns at) {
    join_groups(list, at);
    // A name that matches a pattern but no longer exists does not become a member: it was never observed.
    for (const auto& entry : list) {
        if (entry.unread.empty()) static_cast<void>(watched(entry.name));
    }
    std::stable_sort(missed.begin(), missed.end(), [](const Event& a, const Event& b) { return a.at < b.at; });
    Stretches open;
    replay(missed, at, open);
    std::map<std::string, const Listed*> listed;
    for (const auto& entry : list) {
        if (entry.unread.empty()) listed.emplace(entry.name, &entry);
    }
    unannounced_.clear();
    for (const auto& [name, stretch] : open) {
        const auto found = listed.find(name);
        bool still = found == listed.end() && stretch.id.empty();
        if (found != listed.end() && found->second->id == stretch.id) {
            Container now;
            now.state = found->second->state;
            now.health = found->second->health;
            still = verdict_of(now) == stretch.verdict;
        }
        close(name, stretch, still ? at : stretch.since);
    }
    for (auto& [name, container] : known_) {
        container.stale = true;
        container.untouched = false;  // a replay may lack events
    }
    sample(list, at);
    unannounced_.clear();  // changes of the time without observation
    for (const auto& event : missed) {
        if (event.at > at) this->event(event);
    }
}

}  // namespace monitor::docker
