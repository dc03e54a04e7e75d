// The known state of the watched containers. Without I/O: its input is the engine's lists, inspections and events with
// their times, its output observations. One thread.
//
// All times are of the engine's clock.
//
// A container is tracked by its name, since configurations use names, and a recreated container keeps its name; those
// that are selected by labels are one service together, whatever their names. The
// name that Compose gives to a container for the time of a recreate matches no pattern and is no discovery. An
// observation of one moment holds until the next one; periods are reported only if the engine proves them, in the order
// of their time.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "docker_container.hpp"
#include "docker_names.hpp"
#include "stipend/abi/monitor.h"

namespace monitor::docker {

inline constexpr std::size_t max_targets = 1024;
inline constexpr std::size_t max_members = 256;       // of one pattern
inline constexpr std::size_t max_discoveries = 1024;  // stored at most

struct Target {
    std::string id;
    Selection selection;
    std::vector<std::string> members;  // of a pattern: names that it had matched before this watch
};

struct Observation {  // the views are valid for the call
    std::int32_t verdict;
    std::string_view target_id;
    stipend_unix_ns from;
    stipend_unix_ns to;
    std::string_view evidence;
};

inline constexpr std::string_view never_seen = "no such container";
// What a report says of a container that is gone, and of one whose entry in the list cannot be read: a JSON object.
[[nodiscard]] std::string gone_evidence(std::string_view why);
[[nodiscard]] std::string unread_evidence(std::string_view why);

class Tracker {
  public:
    using Report = std::function<void(const Observation&)>;
    using Warn = std::function<void(const std::string&)>;

    Tracker(const std::vector<Target>& targets, Discovery discovery, Report say, Warn warn);

    // The list of a request sent at `at`. Containers that need an inspection are reported later, by `details`; see
    // `stale`.
    void sample(const std::vector<Listed>& list, stipend_unix_ns at);

    // The first list after time without observation, with the events of that time: reports what the events prove, then
    // the list. Every container is stale, so that its inspection can prove more.
    void resume(const std::vector<Listed>& list, std::vector<Event> missed, stipend_unix_ns at);

    // An event of the stream.
    void event(const Event& event);

    // The engine's clock was stepped by `delta` and shows `now`: times before `now` prove nothing any more.
    void step(std::int64_t delta, stipend_unix_ns now);
    // Events may be missing: every container needs an inspection.
    void doubt();
    // A list showed a change, and no event about it came until the next list.
    [[nodiscard]] bool events_missing() const { return events_missing_; }

    // The ids of containers that need an inspection.
    [[nodiscard]] std::vector<std::string> stale() const;
    // The result of an inspection requested at `at`.
    void details(const Details& details, stipend_unix_ns at);
    // Why an inspection failed: the state of the list is reported instead.
    void no_details(const std::string& id, const std::string& why);

    // There was no observation from `from` to `to`.
    void lost(stipend_unix_ns from, stipend_unix_ns to, const std::string& why);

  private:
    struct Known : Container {
        stipend_unix_ns event_at = 0;   // its last event
        stipend_unix_ns named_at = 0;   // when it took its name from another; 0: not observed
        bool untouched = false;         // every event since then was received, and none was about it
        stipend_unix_ns listed_at = 0;  // the list that is not reported yet; 0: none
        bool listed_before = false;     // an earlier list of this watch had it
        bool stale = true;
    };
    struct History {                    // of the reports on a name
        stipend_unix_ns bad_at = 0;     // the last time at which it was not up
        stipend_unix_ns good_from = 0;  // start of its observed uptime after that,
        bool good = false;              // if any
    };
    struct Pattern {
        std::string text;
        std::size_t members = 0;
        bool full_said = false;
    };
    // All containers that a target selects by their labels, as one service: it is up while one of them is, so that it
    // survives a change of their number and of their names.
    struct Group {
        std::string id;  // of the target
        Selection selection;
        std::map<std::string, std::int32_t> members;  // by name: the last report; 0: none yet
        stipend_unix_ns same_since = 0;               // the last change of its members; 0: none
        bool filled = false;                          // a list was read
        bool full_said = false;
    };
    struct Stretch {  // the effect of replayed events on a name since a time
        stipend_unix_ns since = 0;
        std::int32_t verdict = STIPEND_UNKNOWN;
        std::string evidence;
        std::string id;  // of the container with the name; empty: none
    };
    using Stretches = std::map<std::string, Stretch>;

    // True if the name is that of a target or a member. A name that matches a pattern becomes a member.
    bool watched(const std::string& name);
    [[nodiscard]] bool is_series(const std::string& name) const;
    void add_member(Pattern& pattern, const std::string& name);
    void join_groups(const std::vector<Listed>& list, stipend_unix_ns at);
    void leave_groups(stipend_unix_ns at, const std::function<bool(const Group&, const std::string& member)>& left);
    void rename_in_groups(const std::string& before, const std::string& after);
    void report_for_group(Group& group, const std::string& name, const Observation& seen);
    void say_empty_groups(stipend_unix_ns at);
    // Applies an event; calls `changed` with each name whose observation may have changed.
    void apply(const Event& event, const std::function<void(const std::string&)>& changed);
    void apply_rename(const Event& event, const std::function<void(const std::string&)>& changed);
    void replay(const std::vector<Event>& missed, stipend_unix_ns at, Stretches& open);
    void close(const std::string& name, const Stretch& stretch, stipend_unix_ns to);
    void forget(const std::string& name, std::string why);
    void take_entry(const Listed& entry, stipend_unix_ns at);
    void drop_unlisted(const std::set<std::string>& present, const std::vector<Listed>& list, stipend_unix_ns at);
    [[nodiscard]] std::map<std::string, std::string> take_unread(const std::vector<Listed>& list);
    void expect_event(const std::string& id, const Known& container);
    void discover(const std::vector<Listed>& list, stipend_unix_ns at);
    void prove(const std::string& name, const Known& container, stipend_unix_ns at);
    void say_since_named(const std::string& name, const Known& container, std::int32_t verdict, stipend_unix_ns from,
                         stipend_unix_ns to, std::string_view evidence);
    [[nodiscard]] std::pair<std::int32_t, std::string> state_of(const std::string& name) const;
    void say_now(const std::string& name, stipend_unix_ns at);
    void say_unread(const std::string& name, stipend_unix_ns at, std::string_view why);
    void say(const std::string& name, std::int32_t verdict, stipend_unix_ns from, stipend_unix_ns to,
             std::string_view evidence);
    void remember(const std::string& name, std::int32_t verdict, stipend_unix_ns from, stipend_unix_ns to);

    const Discovery discovery_;
    const Report report_;
    const Warn warn_;
    std::multimap<std::string, std::string> exact_;  // name -> target id
    std::vector<Pattern> patterns_;
    std::vector<Group> groups_;
    std::set<std::string> members_;                // names that matched a pattern
    std::map<std::string, Known> known_;           // by name; only watched names
    std::map<std::string, std::string> gone_;      // name -> why it no longer exists
    std::map<std::string, History> histories_;     // by name
    std::map<std::string, std::string> reported_;  // discoveries: name -> evidence
    bool discoveries_full_ = false;
    stipend_unix_ns proofs_from_ = 0;    // the last step of the engine's clock
    stipend_unix_ns sampled_at_ = 0;     // the last list
    std::set<std::string> unannounced_;  // ids of containers whose change the last list showed before any event
    bool events_missing_ = false;
    std::string hidden_;  // why an entry of the last list may be any container; empty: there is none
};

}  // namespace monitor::docker
