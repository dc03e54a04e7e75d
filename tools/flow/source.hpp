// What the lanes are fed with: all of it at once, or as it changes.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tools/flow/api.hpp"
#include "tools/flow/model.hpp"

namespace stipend::flow {

// The orchestrators, their last checks and payouts, as the API lists them.
struct Snapshot {
    Json orchestrators = Json::array();
    std::vector<Json> payments;  // parts
    Json payouts = Json::array();
    bool payouts_complete = true;
};
// `goes_on` is asked between requests; false ends it with CANCELLED. LIMIT: more orchestrators than `most_lanes`.
[[nodiscard]] Result<Snapshot> read_snapshot(const Api& api, const std::function<bool()>& goes_on);
void apply(Model& model, const Snapshot& snapshot);

// Follows a manager on a thread of its own, and connects again where the connection ends.
class Source {
  public:
    // What the thread found. `change` is empty where only the connection is another.
    struct News {
        std::function<void(Model&)> change = {};
        std::optional<std::string> connection = {};  // what is wrong with it; empty: nothing
        std::optional<Result<Json>> explanation = {};
        std::optional<Error> refused = {};  // the manager refuses what it is asked for: nothing follows
    };
    // `wake` is called on any thread when there is news, and never waits. Both outlive it.
    Source(const Api& api, std::function<void()> wake);
    ~Source();
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;

    // What came since the last call, in order.
    [[nodiscard]] std::vector<News> take();
    // Asks for the standing of an orchestrator soon.
    void refresh(const std::string& id);
    // Asks for the explanation of a decision; an earlier one that waits is given up.
    void explain(const std::string& id, std::uint64_t epoch);

  private:
    struct Question {
        std::string id;
        std::uint64_t epoch = 0;
    };
    void run();
    // Until the connection ends; why it did.
    [[nodiscard]] Error follow_once();
    // What is to be asked next; false where the connection has ended.
    [[nodiscard]] bool wait_for_work(std::set<std::string>& ids, std::optional<Question>& question);
    [[nodiscard]] Result<void> ask_standings(const std::set<std::string>& ids);
    void post(News news);
    void take_event(std::string name, Json data);
    // What came before the snapshot is newer than some of it.
    void post_snapshot(Snapshot snapshot);
    void keep(News news);  // `mutex_` is held
    void ended(Error why);
    [[nodiscard]] bool wait_for_opening();
    [[nodiscard]] Result<void> work();
    // Waits between two requests; false where it is to stop.
    [[nodiscard]] bool pause(std::int64_t ms);

    const Api& api_;
    const std::function<void()> wake_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;     // guarded by mutex_, as are the following
    std::optional<Error> end_;  // of the stream
    bool opened_ = false;       // the manager sends events
    bool ready_ = false;        // the snapshot is posted
    std::vector<News> early_;   // events until then
    std::deque<News> news_;
    std::set<std::string> stale_;  // whose standing is to be asked for
    std::optional<Question> question_;
    std::thread thread_;
};

}  // namespace stipend::flow
