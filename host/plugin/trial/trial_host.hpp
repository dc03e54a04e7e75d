// A host without effects, for an instance that is tried: its clock is virtual, its network reaches nothing, and what it
// stores is forgotten.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "host/plugin/trial/calls.hpp"
#include "stipend/abi/host.h"
#include "stipend/abi/lifecycle.h"
#include "stipend/abi/routes.h"

namespace stipend::plugin {

class TrialHost {
  public:
    TrialHost(Calls& calls, std::string label);
    TrialHost(const TrialHost&) = delete;
    TrialHost& operator=(const TrialHost&) = delete;

    [[nodiscard]] const stipend_host& raw() const { return raw_; }

    // The completion of a new operation.
    [[nodiscard]] stipend_completion expect();
    [[nodiscard]] bool is_over(stipend_op op);
    // The start function of that operation failed: its completion is not called.
    void forget(stipend_op op);
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
    };
    struct Route {
        stipend_route_handler handler;
        void* user;
        std::string method, path;
    };

    stipend_op post(std::int64_t delay_ns, std::string what, std::function<void()> run);
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
    std::map<stipend_op, int> operations_;  // how often each was completed
    std::map<std::string, std::string> values_;
    std::vector<Route> routes_;
    std::uint64_t metrics_ = 0;
};

}  // namespace stipend::plugin
