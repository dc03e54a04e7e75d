#include "docker_tracker.hpp"

#include <algorithm>

#include "stipend/glob.hpp"
#include "stipend/json.hpp"

namespace monitor::docker {

using stipend::cat;
using stipend::Json;

namespace {

constexpr stipend_unix_ns minute_ns = 60'000'000'000;

}  // namespace

std::string gone_evidence(std::string_view why) {
    const auto state = why == never_seen ? "missing" : why.substr(0, why.find(' '));
    return Json::object().set("state", state).set("why", why).dump();
}

std::string unread_evidence(std::string_view why) {
    const auto text = cat("its entry in the engine's list cannot be read: ", why);
    return Json::object().set("why", stipend::clip(text, longest_why)).dump();
}

Tracker::Tracker(const std::vector<Target>& targets, Discovery discovery, Report say, Warn warn)
    : discovery_(std::move(discovery)), report_(std::move(say)), warn_(std::move(warn)) {
    for (const auto& target : targets) {
        const auto& name = target.selection.name;
        if (name.empty()) {
            groups_.push_back({.id = target.id, .selection = target.selection, .members = {}});
        } else if (!stipend::is_glob(name)) {
            exact_.emplace(name, target.id);
        }
    }
    for (const auto& target : targets) {
        if (!stipend::is_glob(target.selection.name)) continue;
        auto& pattern = patterns_.emplace_back(Pattern{target.selection.name});
        for (const auto& name : target.members) {
            if (!is_transitional(name) && stipend::glob_match(pattern.text, name) && !is_series(name)) {
                add_member(pattern, name);
                if (is_series(name)) gone_.emplace(name, "removed while nobody watched");
            }
        }
    }
}

bool Tracker::is_series(const std::string& name) const {
    return exact_.count(name) != 0 || members_.count(name) != 0 ||
           std::any_of(groups_.begin(), groups_.end(),
                       [&](const Group& group) { return group.members.count(name) != 0; });
}

void Tracker::add_member(Pattern& pattern, const std::string& name) {
    if (pattern.members < max_members) {
        ++pattern.members;
        members_.insert(name);
    } else if (!std::exchange(pattern.full_said, true)) {
        warn_(cat("docker:", pattern.text, ": more than ", max_members, " containers: \"", name,
                  "\" and others are not watched"));
    }
}

bool Tracker::watched(const std::string& name) {
    if (is_series(name)) return true;
    if (is_transitional(name)) return false;
    for (auto& pattern : patterns_) {
        if (!stipend::glob_match(pattern.text, name)) continue;
        add_member(pattern, name);
        return is_series(name);
    }
    return false;
}

void Tracker::forget(const std::string& name, std::string why) {
    known_.erase(name);
    gone_[name] = std::move(why);
}

void Tracker::apply_rename(const Event& event, const std::function<void(const std::string&)>& changed) {
    Known moved;
    moved.id = event.id;
    moved.image = event.image;
    // By its id: a label of the container can replace the event's own `oldName`.
    const auto old =
        std::find_if(known_.begin(), known_.end(), [&](const auto& entry) { return entry.second.id == event.id; });
    if (old != known_.end() && old->first == event.name) return;  // a list had shown it
    if (old != known_.end()) {
        const auto old_name = old->first;
        rename_in_groups(old_name, event.name);
        moved = old->second;
        forget(old_name, cat("renamed to ", event.name));
        changed(old_name);
    }
    if (!is_series(event.name)) return;
    moved.event_at = event.at;
    moved.named_at = event.at;
    moved.untouched = true;
    moved.stale = true;
    // The state of a container whose old name was not tracked is known only from the next list.
    const bool reported = moved.state != State::other;
    known_[event.name] = std::move(moved);
    gone_.erase(event.name);
    if (reported) changed(event.name);
}

void Tracker::apply(const Event& event, const std::function<void(const std::string&)>& changed) {
    if (event.name.empty()) {
        const auto same =
            std::find_if(known_.begin(), known_.end(), [&](const auto& known) { return known.second.id == event.id; });
        if (same == known_.end()) return;
        auto named = event;
        named.name = same->first;
        return apply(named, changed);
    }
    if (event.action == Action::rename) return apply_rename(event, changed);
    if (!is_series(event.name)) return;
    const auto found = known_.find(event.name);
    const bool ours = found != known_.end() && found->second.id == event.id;
    if (event.action == Action::destroy) {
        if (!ours) return;  // another container has the name now
        forget(event.name, "removed");
        return changed(event.name);
    }
    if (!ours && !changes_state(event.action)) return;
    if (!ours) {
        Known fresh;
        fresh.id = event.id;
        fresh.image = event.image;
        known_[event.name] = std::move(fresh);
        gone_.erase(event.name);
    }
    auto& container = known_[event.name];
    container.event_at = event.at;
    container.untouched = false;
    container.stale = true;
    take_event(container, event);
    if (changes_state(event.action) && container.state != State::other) changed(event.name);
}

void Tracker::event(const Event& event) {
    unannounced_.erase(event.id);
    const bool brings_name = event.action != Action::destroy && event.action != Action::other;
    if (brings_name) static_cast<void>(watched(event.name));
    apply(event, [&](const std::string& name) { say_now(name, event.at); });
}

void Tracker::take_entry(const Listed& entry, stipend_unix_ns at) {
    auto& container = known_[entry.name];
    if (container.id != entry.id) {
        expect_event(entry.id, container);
        container = Known();
        container.id = entry.id;
        container.state = entry.state;
        container.health = entry.health;
    }
    gone_.erase(entry.name);
    if (container.event_at > at) return;  // the event is newer, and another list is requested
    // A container that restarted between two lists may differ only in its age.
    const bool rejuvenated = entry.young && container.started_at != 0 && at - container.started_at > 2 * minute_ns;
    const bool paused = entry.state == State::paused;  // then the list does not show its health
    const bool other_health = !paused && container.runs() && entry.health != container.health;
    // No event announces that a removal began.
    const bool removal = entry.state == State::removing || entry.state == State::dead;
    if ((entry.state != container.state && !removal) || rejuvenated) expect_event(entry.id, container);
    if (entry.state != container.state || other_health || rejuvenated) container.stale = true;
    container.image = entry.image;
    container.state = entry.state;
    if (!paused) container.health = entry.health;
    container.listed_at = at;
    container.listed_before = true;
    if (container.stale) return;
    container.listed_at = 0;
    say_now(entry.name, at);
}

// Marks a change that an event should have announced.
void Tracker::expect_event(const std::string& id, const Known& container) {
    if (container.listed_before && container.event_at < sampled_at_) unannounced_.insert(id);
}

void Tracker::drop_unlisted(const std::set<std::string>& present, const std::vector<Listed>& list, stipend_unix_ns at) {
    for (auto next = known_.begin(); next != known_.end();) {
        const auto at_entry = next++;
        const auto name = at_entry->first;
        const auto container = at_entry->second;
        if (present.count(name) != 0 || container.event_at > at) continue;
        if (!hidden_.empty()) {
            say_unread(name, at, hidden_);
            continue;
        }
        expect_event(container.id, container);
        const auto moved =
            std::find_if(list.begin(), list.end(), [&](const Listed& entry) { return entry.id == container.id; });
        if (moved != list.end() && is_series(moved->name) && known_.count(moved->name) == 0) {
            auto& renamed = known_[moved->name];
            renamed.id = container.id;
            renamed.named_at = at;
        }
        forget(name, moved == list.end() ? std::string("removed") : cat("renamed to ", moved->name));
    }
}

void Tracker::sample(const std::vector<Listed>& list, stipend_unix_ns at) {
    events_missing_ = !unannounced_.empty();
    unannounced_.clear();
    join_groups(list, at);
    leave_groups(at, [&](const Group& group, const std::string& name) {
        return std::any_of(list.begin(), list.end(), [&](const Listed& entry) {
            return entry.unread.empty() && entry.name == name && !selects(group.selection, entry);
        });
    });
    const auto unread = take_unread(list);
    std::set<std::string> present;
    for (const auto& [name, why] : unread) present.insert(name);
    for (const auto& entry : list) {
        if (entry.unread.empty() && watched(entry.name)) present.insert(entry.name);
    }
    drop_unlisted(present, list, at);
    for (const auto& entry : list) {
        if (entry.unread.empty() && present.count(entry.name) != 0) take_entry(entry, at);
    }
    for (const auto& [name, why] : unread) say_unread(name, at, why);
    sampled_at_ = at;
    const auto say_absent = [&](const std::string& name) {
        if (known_.count(name) != 0 || unread.count(name) != 0) return;
        if (hidden_.empty()) return say_now(name, at);
        say_unread(name, at, hidden_);
    };
    for (auto name = exact_.begin(); name != exact_.end(); name = exact_.upper_bound(name->first)) {
        say_absent(name->first);
    }
    for (const auto& name : members_) say_absent(name);
    leave_groups(
        at, [&](const Group&, const std::string& name) { return known_.count(name) == 0 && unread.count(name) == 0; });
    say_empty_groups(at);
    discover(list, at);
}

// The watched names whose entries cannot be read, with the reason. An entry without a name may be that of any
// container, unless its id is that of a tracked one.
std::map<std::string, std::string> Tracker::take_unread(const std::vector<Listed>& list) {
    std::map<std::string, std::string> out;
    hidden_.clear();
    for (const auto& entry : list) {
        if (entry.unread.empty()) continue;
        auto name = entry.name;
        const auto same_id = [&](const auto& known) { return !entry.id.empty() && known.second.id == entry.id; };
        const auto tracked = std::find_if(known_.begin(), known_.end(), same_id);
        if (name.empty() && tracked != known_.end()) name = tracked->first;
        if (name.empty()) hidden_ = entry.unread;
        if (is_series(name)) out.emplace(name, entry.unread);
    }
    return out;
}

void Tracker::say_unread(const std::string& name, stipend_unix_ns at, std::string_view why) {
    say(name, STIPEND_UNKNOWN, at, at, unread_evidence(why));
}

void Tracker::step(std::int64_t delta, stipend_unix_ns now) {
    const auto shift = [delta](stipend_unix_ns& at) {
        if (at != 0) at = std::max<stipend_unix_ns>(at + delta, 1);
    };
    proofs_from_ = now;
    shift(sampled_at_);
    for (auto& [name, container] : known_) {
        shift(container.event_at);
        shift(container.named_at);
        shift(container.listed_at);
        container.started_at = 0;  // until its inspection
        container.finished_at = 0;
        container.stale = true;
    }
    for (auto& group : groups_) shift(group.same_since);
    for (auto& [name, history] : histories_) {
        shift(history.bad_at);
        shift(history.good_from);
    }
}

void Tracker::doubt() {
    for (auto& [name, container] : known_) {
        container.stale = true;
        container.untouched = false;
    }
}

void Tracker::discover(const std::vector<Listed>& list, stipend_unix_ns at) {
    std::map<std::string, std::string> now;
    for (const auto& entry : list) {
        if (is_series(entry.name) || is_transitional(entry.name) || !entry.unread.empty()) continue;
        const auto why = reason_to_watch(discovery_, entry);
        if (why.empty()) continue;
        if (now.size() >= max_discoveries) {
            if (!std::exchange(discoveries_full_, true)) {
                warn_(cat("more than ", max_discoveries, " containers could be proposed: the others are not"));
            }
            break;
        }
        now[entry.name] = Json::object()
                              .set("image", stipend::clip(entry.image, longest_why))
                              .set("why", stipend::clip(why, longest_why))
                              .dump();
    }
    for (const auto& [name, evidence] : now) {
        const auto reported = reported_.find(name);
        if (reported == reported_.end() || reported->second != evidence)
            report_({STIPEND_FOUND, name, at, at, evidence});
    }
    reported_ = std::move(now);
}

void Tracker::lost(stipend_unix_ns from, stipend_unix_ns to, const std::string& why) {
    const auto evidence = Json::object().set("why", stipend::clip(why, longest_why)).dump();
    for (auto& [name, container] : known_) container.untouched = false;
    for (auto name = exact_.begin(); name != exact_.end(); name = exact_.upper_bound(name->first)) {
        say(name->first, STIPEND_UNKNOWN, from, to, evidence);
    }
    for (const auto& name : members_) say(name, STIPEND_UNKNOWN, from, to, evidence);
    for (auto& group : groups_) {
        for (auto& [name, verdict] : group.members) verdict = STIPEND_UNKNOWN;
        report_({STIPEND_UNKNOWN, group.id, from, to, evidence});
    }
}

std::pair<std::int32_t, std::string> Tracker::state_of(const std::string& name) const {
    if (const auto found = known_.find(name); found != known_.end()) {
        return {verdict_of(found->second), evidence_of(found->second)};
    }
    const auto gone = gone_.find(name);
    return {STIPEND_DOWN, gone_evidence(gone == gone_.end() ? never_seen : std::string_view(gone->second))};
}

void Tracker::say_now(const std::string& name, stipend_unix_ns at) {
    const auto [verdict, evidence] = state_of(name);
    say(name, verdict, at, at, evidence);
}

void Tracker::remember(const std::string& name, std::int32_t verdict, stipend_unix_ns from, stipend_unix_ns to) {
    if (verdict == STIPEND_UNKNOWN) return;
    auto& history = histories_[name];
    if (verdict != STIPEND_UP) {
        history.bad_at = std::max(history.bad_at, to);
        history.good = false;
    } else if (!std::exchange(history.good, true)) {
        history.good_from = std::max(from, history.bad_at);
    }
}

void Tracker::say(const std::string& name, std::int32_t verdict, stipend_unix_ns from, stipend_unix_ns to,
                  std::string_view evidence) {
    remember(name, verdict, from, to);
    const auto [first, last] = exact_.equal_range(name);
    for (auto target = first; target != last; ++target) report_({verdict, target->second, from, to, evidence});
    if (first == last && members_.count(name) != 0) report_({verdict, name, from, to, evidence});
    for (auto& group : groups_) {
        if (group.members.count(name) != 0) report_for_group(group, name, {verdict, group.id, from, to, evidence});
    }
}

}  // namespace monitor::docker
