// Services that are a group of containers: of a Compose service, or with a label.
#include <algorithm>

#include "docker_tracker.hpp"
#include "stipend/json.hpp"

namespace monitor::docker {

using stipend::cat;
using stipend::Json;

void Tracker::join_groups(const std::vector<Listed>& list, stipend_unix_ns at) {
    for (auto& group : groups_) {
        for (const auto& entry : list) {
            if (!entry.unread.empty() || group.members.count(entry.name) != 0 || !selects(group.selection, entry)) {
                continue;
            }
            if (group.members.size() < max_members) {
                group.members.emplace(entry.name, 0);
                if (group.filled) group.same_since = at;
            } else if (!std::exchange(group.full_said, true)) {
                warn_(cat(group.id, ": more than ", max_members, " containers: \"", entry.name,
                          "\" and others are not watched"));
            }
        }
    }
}

// Removes the members of groups for which `left` is true.
void Tracker::leave_groups(stipend_unix_ns at, const std::function<bool(const Group&, const std::string&)>& left) {
    std::vector<std::string> names;
    for (auto& group : groups_) {
        for (auto next = group.members.begin(); next != group.members.end();) {
            const auto member = next++;
            if (!left(group, member->first)) continue;
            names.push_back(member->first);
            group.members.erase(member);
            group.same_since = at;
        }
    }
    for (const auto& name : names) {
        if (is_series(name)) continue;
        histories_.erase(name);
        gone_.erase(name);
    }
}

// A renamed container stays in its groups.
void Tracker::rename_in_groups(const std::string& before, const std::string& after) {
    for (auto& group : groups_) {
        const auto member = group.members.find(before);
        if (member != group.members.end()) group.members.emplace(after, member->second);
    }
}

// A report on a member, as one on its group. One that is not up proves the time before only where no other could be up.
void Tracker::report_for_group(Group& group, const std::string& name, const Observation& seen) {
    group.members[name] = seen.verdict;
    const auto evidence =
        cat(R"({"container":)", Json(name).dump(), ",", seen.evidence.substr(seen.evidence.find('{') + 1));
    if (seen.verdict == STIPEND_UP) return report_({STIPEND_UP, group.id, seen.from, seen.to, evidence});
    if (group.members.size() == 1) {
        if (seen.to < group.same_since) return;
        return report_({seen.verdict, group.id, std::max(seen.from, group.same_since), seen.to, evidence});
    }
    bool degraded = false, unknown = false;
    for (const auto& [member, verdict] : group.members) {
        if (verdict == 0 || verdict == STIPEND_UP) return;  // it has its own report
        degraded = degraded || verdict == STIPEND_DEGRADED;
        unknown = unknown || verdict == STIPEND_UNKNOWN;
    }
    const std::int32_t verdict = unknown ? STIPEND_UNKNOWN : degraded ? STIPEND_DEGRADED : STIPEND_DOWN;
    report_({verdict, group.id, seen.to, seen.to, evidence});
}

void Tracker::say_empty_groups(stipend_unix_ns at) {
    for (auto& group : groups_) {
        group.filled = true;
        if (!group.members.empty()) continue;
        if (hidden_.empty()) {
            report_({STIPEND_DOWN, group.id, at, at, gone_evidence(never_seen)});
        } else {
            report_({STIPEND_UNKNOWN, group.id, at, at, unread_evidence(hidden_)});
        }
    }
}

}  // namespace monitor::docker
