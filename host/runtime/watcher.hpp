// Has monitors look at targets, keeps what they saw, and answers how a window of time was spent. All on [control],
// unless a function says [any].
//
// A monitor that can watch is given all of an owner's targets at once and reports changes as they happen; one that
// can only be asked is asked at each target's own pace.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "host/base/recurring.hpp"
#include "host/base/timeline.hpp"
#include "host/runtime/confirmation.hpp"
#include "host/runtime/instances.hpp"
#include "host/runtime/ledger_writer.hpp"
#include "host/runtime/observation.hpp"
#include "host/uptime/observed.hpp"
#include "host/uptime/series.hpp"

namespace stipend::runtime {

// What is watched, for which owner, and how.
struct WatchTarget {
    ledger::OrchestratorId owner = 0;  // 0: this host's own services
    std::string id = {};               // one for each target of an owner; with a `*`, a name for all that match it
    std::string endpoint = {};         // a URL, as the monitor takes it
    std::string monitor = {};          // its name
    std::int64_t every_ns = 0;
    std::string attributes = {};        // a JSON object: the target's own options; may hold secrets
    config::DownAfter down_after = {};  // of a target that is probed
    friend bool operator==(const WatchTarget&, const WatchTarget&) = default;
};

// One series of observations: a target, or a service that was found by a target's pattern.
struct TargetHistory {
    ledger::OrchestratorId owner = 0;
    std::string id = {};
    std::string pattern = {};  // of the target that found it; empty for a target itself
    uptime::Series series;
    std::int64_t every_ns = 0;
    Confirmation confirmation = Confirmation();  // of a target that is probed
};

// A service that is not configured.
struct Discovery {
    std::string monitor, id, why;
};

class Watcher {
  public:
    static constexpr std::size_t max_members = 1024;         // found by patterns, of one owner
    static constexpr std::int64_t kept_ns = 7 * ns_per_day;  // how far back the histories reach

    struct Hooks {
        std::function<void(const Discovery&)> found;     // may be empty
        std::function<void(const Result<void>&)> saved;  // how each write to the ledger ended; may be empty
        std::function<void(const TargetHistory&, std::int32_t before)>
            changed;  // a verdict became another; may be empty
        // A look was the first one of its target, or saw something else than the look before it; may be empty.
        std::function<void()> turned = {};
        // A monitor, by its name, reported what cannot be, and it was left out; an empty text: it is well again. May be
        // empty.
        std::function<void(const std::string& monitor, const std::string& what)> refused = {};
        // Whether a watch may report on time before it began, as an engine that knows since when a container runs.
        bool believes_past = false;
    };

    // All references outlive this.
    Watcher(ControlLoop& loop, LedgerWriter& writer, const TimeLine& line, Hooks hooks)
        : loop_(loop), writer_(writer), line_(line), hooks_(std::move(hooks)) {}
    ~Watcher();
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

    // Looks at these targets from now on, through these monitors; patterns and discoveries pass over `ignored`. What
    // was seen of a target that stays is kept; of a new owner's it is read from the ledger.
    void watch(std::vector<WatchTarget> targets, InstanceSet monitors, std::set<std::string> ignored = {});
    // Does what is due, and says when it wants to be called again.
    std::optional<stipend_unix_ns> tick(stipend_unix_ns now);
    // Sends what was seen and not yet written to the ledger's thread.
    void save();
    // All of it, before the end; the outcome is not awaited.
    void save_last();

    // Nothing where the owner has no targets. [any]
    // `excused`: time that counts as not seen.
    [[nodiscard]] std::optional<uptime::Observed> observed(ledger::OrchestratorId owner, stipend_unix_ns from,
                                                           stipend_unix_ns to, std::vector<Window> excused = {}) const;
    // Shows the series of an owner, by id; a pattern itself has none. [any] Nothing is added meanwhile: keep it short.
    void visit(ledger::OrchestratorId owner, const std::function<void(const TargetHistory&)>& show) const;
    // Shows the series of all owners until `show` returns false. [any] As above.
    void visit_all(const std::function<bool(const TargetHistory&)>& show) const;
    // Looks at something once, beside the targets. `done` is called later on [control]; never, if the targets or their
    // monitors are replaced before.
    void look_once(const std::string& monitor, const std::string& endpoint,
                   std::function<void(const uptime::Observation&)> done);

  private:
    using Key = std::pair<ledger::OrchestratorId, std::string>;
    struct Probe {
        stipend_unix_ns at;
        std::size_t target;
        friend auto operator<=>(const Probe&, const Probe&) = default;
    };
    // A watch that was begun: the plugin's thread starts it, this one may stop it, also before it started.
    struct Running {
        std::mutex mutex;
        stipend_op op = 0;     // guarded by mutex; 0: not yet started
        bool stopped = false;  // guarded by mutex
    };
    // All targets that one owner has at one monitor: watched together.
    struct Group {
        std::string monitor;
        ledger::OrchestratorId owner = 0;
        std::vector<std::size_t> targets;
        std::shared_ptr<Running> running;  // none: it is asked target by target, or waits for another try
        stipend_unix_ns retry_at = 0;      // 0: no further try is wanted
    };

    std::vector<ledger::OrchestratorId> replace_targets(std::vector<WatchTarget> targets);
    void restore(const std::vector<ledger::OrchestratorId>& owners, std::function<void()> then);
    void take_past(ledger::OrchestratorId owner, const Result<std::vector<ledger::Observation>>& rows);
    void begin(std::uint64_t round);
    void begin_group(std::size_t group);
    void group_ended(std::size_t group, const Error& error);
    void schedule(std::size_t target, stipend_unix_ns now);
    void ask(std::size_t target, stipend_unix_ns now);
    void probe(WatchTarget target, stipend_unix_ns now, std::function<void(const uptime::Observation&)> done);
    void take_probe(const WatchTarget& target, const uptime::Observation& seen);
    void take_report(const std::string& monitor, ledger::OrchestratorId owner, const ObservationReport& report);
    void refuse(const std::string& monitor, const std::string& what);
    void take(const std::string& monitor, ledger::OrchestratorId owner, const std::string& id,
              const uptime::Observation& seen);
    // Has the control thread do something for the present round, as long as that lasts. What is returned is for [any]
    // thread, and outlives the watcher.
    using Post = std::function<void(std::function<void()>)>;
    [[nodiscard]] Post guarded_post();
    [[nodiscard]] std::shared_ptr<const ledger::Batch> unsaved();
    TargetHistory* series_for(const std::string& monitor, ledger::OrchestratorId owner, const std::string& id);
    [[nodiscard]] const WatchTarget* pattern_of(ledger::OrchestratorId owner, const std::string& id) const;
    void stop_groups();

    ControlLoop& loop_;
    LedgerWriter& writer_;
    const TimeLine& line_;
    const Hooks hooks_;
    std::vector<WatchTarget> targets_;
    std::set<std::string> ignored_;
    InstanceSet monitors_;
    mutable std::mutex mutex_;
    std::map<Key, TargetHistory> series_;        // changed on [control] with mutex_ held
    std::set<ledger::OrchestratorId> restored_;  // whose past was read from the ledger
    std::vector<Group> groups_;
    std::priority_queue<Probe, std::vector<Probe>, std::greater<>> probes_;
    std::uint64_t round_ = 0;  // one more with each `watch`: reports of earlier ones are dropped
    stipend_unix_ns save_at_ = 0;
    stipend_unix_ns forget_at_ = 0;
    bool turning_ = false;  // its first `tick` came
    bool saving_ = false;
    std::set<std::string> refused_monitors_;        // whose last report could not be
    std::shared_ptr<const ledger::Batch> refused_;  // what the ledger was too busy for
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace stipend::runtime
