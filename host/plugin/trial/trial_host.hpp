// A host without effects, for an instance that is tried: its clock is virtual, its network reaches nothing or answers
// as a script says, and what it stores is forgotten. It notes what breaks the rules of asynchronous work.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/plugin/trial/calls.hpp"
#include "host/plugin/trial/scripted.hpp"
#include "stipend/abi/host.h"
#include "stipend/abi/lifecycle.h"
#include "stipend/abi/monitor.h"
#include "stipend/abi/routes.h"

namespace stipend::plugin {

// The table of a service of a TrialHost, or NULL.
[[nodiscard]] const void* trial_interface(const stipend_host* host, const char* id);

class TrialHost {
  public:
    static constexpr std::size_t most_waiting = 10'000;  // events, and values that are stored

    TrialHost(Calls& calls, std::string label);
    TrialHost(const TrialHost&) = delete;
    TrialHost& operator=(const TrialHost&) = delete;

    [[nodiscard]] const stipend_host& raw() const { return raw_; }

    // Checks the record of an answer that is OK; NULL is handed over as it is.
    using CheckRecord = std::function<Result<void>(const void* record)>;
    // The completion of a new operation; `what` names it in messages. Without `check` no record is looked at.
    [[nodiscard]] stipend_completion expect(std::string what = {}, CheckRecord check = {});
    [[nodiscard]] bool is_over(stipend_op op);
    // The virtual time at which it was answered; 0: it was not.
    [[nodiscard]] std::int64_t over_at(stipend_op op);
    [[nodiscard]] std::int64_t monotonic_now();
    // The start function of that operation failed: its completion is not called.
    void forget(stipend_op op);
    // Waits for an answer by a thread of the plugin; false: none came in that time.
    bool wait_for_answer(stipend_op op, int ms);

    // How exchanges end from now on.
    void answer_with(Answers answers);
    // Of the watch that is under way: `id` is its target's.
    void observed(const stipend_observation* observation);
    // The instance is gone: a call from now on breaks a rule.
    void end();
    // Notes what breaks a rule. [any thread]
    void find(const char* rule, std::string text);
    // What was noted since the last call.
    [[nodiscard]] std::vector<Finding> take_findings();
    // Calls back what is due, and goes on from one event to the next, until `op` is over (0: until nothing is left), or
    // the virtual time or the number of events runs out.
    Result<void> run(stipend_op op);
    // Sends a request to each route that the instance added.
    Result<void> visit_routes();

    // Runs `body` as a call on that thread of the host.
    template <class Body>
    auto on_pool(Body&& body) {
        on_pool_ = true;
        auto result = body();
        on_pool_ = false;
        return result;
    }

  private:
    friend struct TrialTables;
    struct Event {
        std::int64_t at;
        std::string what;
        std::function<void()> run;
        std::shared_ptr<bool> cancelled = {};
    };
    struct Operation {
        std::string what;
        CheckRecord check;
        int answers = 0;
        bool refused = false;  // its start function failed
        std::int64_t over_at = 0;
    };
    struct Route {
        stipend_route_handler handler;
        void* user;
        std::string method, path;
    };

    stipend_op post(std::int64_t delay_ns, std::string what, std::function<void()> run,
                    std::shared_ptr<bool> cancelled = {});
    static void done(const stipend_host* h, stipend_op op, stipend_status status, const void* record,
                     const stipend_error* error);
    void answered(stipend_op op, stipend_status status, const void* record);
    void find_locked(const char* rule, std::string text);  // mutex_ is held
    bool take_next(std::int64_t until, Event& out);

    Calls& calls_;
    const std::string label_;
    const stipend_host raw_;
    const std::int64_t wall_start_;
    bool on_pool_ = false;

    std::mutex mutex_;  // a plugin may call from a thread of its own
    std::int64_t now_ = 1'000'000'000;
    stipend_op last_op_ = 0;
    std::map<stipend_op, Event> events_;
    std::condition_variable answered_;
    std::map<stipend_op, Operation> operations_;
    std::vector<Finding> findings_;
    Answers answers_ = Answers::no_network;
    bool is_over_ = false;  // the instance is gone
    std::map<std::string, std::string> values_;
    std::vector<Route> routes_;
    std::uint64_t metrics_ = 0;
};

}  // namespace stipend::plugin
