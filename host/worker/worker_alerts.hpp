// The alerts of a worker: what its operator has to know, raised once while it lasts. [control]
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "host/alert/alert.hpp"
#include "host/worker/membership.hpp"

namespace stipend::worker {

class WorkerAlerts {
  public:
    static constexpr std::int64_t unseen_patience_ns = 60'000'000'000;        // a service that cannot be observed
    static constexpr std::int64_t unreachable_patience_ns = 300'000'000'000;  // a manager that does not answer
    static constexpr std::int64_t clock_jump_ns = 2'000'000'000;
    static constexpr std::size_t max_active = 1'000;  // more are logged, and not raised

    // `deliver` passes one on to the receivers; `log` gets a line for each.
    WorkerAlerts(std::function<void(alert::Notice)> deliver, std::function<void(std::int32_t, std::string)> log)
        : deliver_(std::move(deliver)), log_(std::move(log)) {}

    // Nothing where it is raised already.
    void raise(const std::string& id, std::int32_t severity, const std::string& text, stipend_unix_ns now);
    // Nothing where it is not raised.
    void resolve(const std::string& id, stipend_unix_ns now);

    // Resolves all that the instance of that name raised.
    void resolve_of(const std::string& instance, stipend_unix_ns now);

    // What is seen of all services at one time; their reasons by their names.
    struct Seen {
        std::map<std::string, std::string> down;
        std::map<std::string, std::string> unseen;
    };
    void services(const Seen& seen, stipend_unix_ns now);
    // `problem`: what the membership says is wrong; `since`: when the state began.
    void manager(MembershipState state, const std::string& problem, stipend_unix_ns since, stipend_unix_ns now);
    // How far the system's clock is from where it was at the start.
    void clock(std::int64_t skew_ns, stipend_unix_ns now);

    [[nodiscard]] const std::set<std::string>& active() const { return active_; }

  private:
    const std::function<void(alert::Notice)> deliver_;
    const std::function<void(std::int32_t, std::string)> log_;
    std::set<std::string> active_;
    std::set<std::string> down_;  // services with an alert
    stipend_unix_ns unseen_since_ = 0;
};

}  // namespace stipend::worker
