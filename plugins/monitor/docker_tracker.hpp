// What is known of the containers that are watched, and what there is to say of them. No I/O: it is told what the
// engine listed, inspected and announced, and when, and says observations. One thread.
//
// A container is followed by its name, since that is what operators name and what a recreated container keeps.
// Observations of one moment hold until the next one; stretches are said only where the engine proves them, in the
// order of their time.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "docker_container.hpp"
#include "docker_names.hpp"
#include "stipend/abi/monitor.h"

namespace monitor::docker {

inline constexpr std::size_t max_targets = 1024;
inline constexpr std::size_t max_members = 256;       // of one pattern
inline constexpr std::size_t max_discoveries = 1024;  // remembered at once

struct Target {
    std::string id;
    std::string name;                  // or a pattern
    std::vector<std::string> members;  // a pattern's: what it had found before this watch
};

struct Seen {  // views end with the call
    std::int32_t verdict;
    std::string_view target_id;
    stipend_unix_ns from;
    stipend_unix_ns to;
    std::string_view evidence;
};

class Tracker {
  public:
    using Say = std::function<void(const Seen&)>;
    using Warn = std::function<void(const std::string&)>;

    Tracker(const std::vector<Target>& targets, Discovery discovery, Say say, Warn warn);

    // The list that a request sent at `at` brought. Containers of which more has to be known are said later, by
    // `details`; see `stale`.
    void sample(const std::vector<Listed>& list, stipend_unix_ns at);

    // The first list after a stretch in which nobody watched, with the events of that stretch: first what they prove,
    // then the list, and every container is stale, so that its details prove what they can.
    void resume(const std::vector<Listed>& list, std::vector<Event> missed, stipend_unix_ns at);

    // Something happened, now or just now.
    void event(const Event& event);

    // The ids of containers whose details are wanted.
    [[nodiscard]] std::vector<std::string> stale() const;
    // What an inspection that was asked for at `at` showed.
    void details(const Details& details, stipend_unix_ns at);
    // ... or why it showed nothing: the list's own word is said instead.
    void no_details(const std::string& id, const std::string& why);

    // Nobody could look from `from` to `to`.
    void lost(stipend_unix_ns from, stipend_unix_ns to, const std::string& why);

  private:
    struct Known : Container {
        stipend_unix_ns event_at = 0;   // the last event of it
        stipend_unix_ns named_at = 0;   // when it took its name from another; 0: not seen
        bool untouched = false;         // every event since then was heard, and none was about it
        stipend_unix_ns listed_at = 0;  // the list that is not said yet; 0: none
        bool stale = true;
    };
    struct History {                    // of what was said of a name
        stipend_unix_ns bad_at = 0;     // the last moment at which it was not up
        stipend_unix_ns good_from = 0;  // since when it was seen up after that,
        bool good = false;              // if it was
    };
    struct Pattern {
        std::string text;
        std::size_t members = 0;
        bool full_said = false;
    };
    struct Stretch {  // what replayed events say of a name since a moment
        stipend_unix_ns since = 0;
        std::int32_t verdict = STIPEND_UNKNOWN;
        std::string evidence;
        std::string id;  // of the container that has the name; empty: none has
    };
    using Stretches = std::map<std::string, Stretch>;

    // Is the name that of a target, or of a member? A pattern that fits takes it in.
    bool watched(const std::string& name);
    [[nodiscard]] bool is_series(const std::string& name) const;
    void add_member(Pattern& pattern, const std::string& name);
    // Changes what is known by an event; calls `changed` with each name of which something else is to be said.
    void apply(const Event& event, const std::function<void(const std::string&)>& changed);
    void apply_rename(const Event& event, const std::function<void(const std::string&)>& changed);
    void replay(const std::vector<Event>& missed, stipend_unix_ns at, Stretches& open);
    void close(const std::string& name, const Stretch& stretch, stipend_unix_ns to);
    void forget(const std::string& name, std::string why);
    void take_entry(const Listed& entry, stipend_unix_ns at);
    void drop_unlisted(const std::set<std::string>& present, const std::vector<Listed>& list, stipend_unix_ns at);
    void discover(const std::vector<Listed>& list, stipend_unix_ns at);
    void prove(const std::string& name, const Known& container, stipend_unix_ns at);
    void say_since_named(const std::string& name, const Known& container, std::int32_t verdict, stipend_unix_ns from,
                         stipend_unix_ns to, std::string_view evidence);
    [[nodiscard]] std::pair<std::int32_t, std::string> state_of(const std::string& name) const;
    void say_now(const std::string& name, stipend_unix_ns at);
    void say(const std::string& name, std::int32_t verdict, stipend_unix_ns from, stipend_unix_ns to,
             std::string_view evidence);
    void remember(const std::string& name, std::int32_t verdict, stipend_unix_ns from, stipend_unix_ns to);

    const Discovery discovery_;
    const Say say_;
    const Warn warn_;
    std::multimap<std::string, std::string> exact_;  // name -> target id
    std::vector<Pattern> patterns_;
    std::set<std::string> members_;             // names that a pattern found
    std::map<std::string, Known> known_;        // by name; only of names that are watched
    std::map<std::string, std::string> gone_;   // name -> why it is no more
    std::map<std::string, History> histories_;  // by name
    std::map<std::string, std::string> told_;   // discoveries: name -> evidence
    bool discoveries_full_ = false;
};

}  // namespace monitor::docker
