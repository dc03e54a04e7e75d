#include "host/worker/worker_alerts.hpp"

#include <vector>

#include "host/base/printable.hpp"
#include "stipend/abi/types.h"
#include "stipend/duration.hpp"
#include "stipend/result.hpp"

namespace stipend::worker {
namespace {

std::string down_id(const std::string& service) {
    return "service:" + service;
}

}  // namespace

void WorkerAlerts::raise(const std::string& id, std::int32_t severity, const std::string& text, stipend_unix_ns now) {
    if (active_.contains(id)) return;
    log_(severity == STIPEND_ALERT_CRITICAL ? STIPEND_LOG_ERROR : STIPEND_LOG_WARN, cat("alert ", id, ": ", text));
    if (active_.size() >= max_active) return;
    active_.insert(id);
    deliver_({.id = id, .severity = severity, .text = text, .at = now});
}

void WorkerAlerts::resolve(const std::string& id, stipend_unix_ns now) {
    if (active_.erase(id) == 0) return;
    log_(STIPEND_LOG_INFO, cat("alert ", id, ": resolved"));
    deliver_({.id = id, .text = "resolved", .at = now, .resolved = true});
}

void WorkerAlerts::resolve_of(const std::string& instance, stipend_unix_ns now) {
    const auto prefix = cat(instance, ":");
    std::vector<std::string> ended;
    for (auto at = active_.lower_bound(prefix); at != active_.end() && at->starts_with(prefix); ++at) {
        ended.push_back(*at);
    }
    for (const auto& id : ended) resolve(id, now);
}

void WorkerAlerts::services(const Seen& seen, stipend_unix_ns now) {
    for (auto one = down_.begin(); one != down_.end();) {
        // What cannot be observed is not known to be up again.
        const bool over = !seen.down.contains(*one) && !seen.unseen.contains(*one);
        if (over) resolve(down_id(*one), now);
        one = over ? down_.erase(one) : std::next(one);
    }
    for (const auto& [name, why] : seen.down) {
        raise(down_id(name), STIPEND_ALERT_WARNING, cat(name, " is down: ", printable_line(why)), now);
        down_.insert(name);
    }
    if (seen.unseen.empty()) {
        unseen_since_ = 0;
        return resolve("services-unseen", now);
    }
    if (unseen_since_ == 0) unseen_since_ = now;
    if (now - unseen_since_ < unseen_patience_ns) return;
    const auto& [name, why] = *seen.unseen.begin();
    raise("services-unseen", STIPEND_ALERT_CRITICAL,
          cat(seen.unseen.size(), " of the services cannot be observed, which is no uptime for them, such as ", name,
              why.empty() ? std::string() : cat(": ", printable_line(why))),
          now);
}

void WorkerAlerts::manager(MembershipState state, const std::string& problem, stipend_unix_ns since,
                           stipend_unix_ns now) {
    const auto follow = [&](const char* id, bool wrong, std::int32_t severity, const std::string& text) {
        if (wrong) return raise(id, severity, text, now);
        resolve(id, now);
    };
    follow("manager-refuses", state == MembershipState::refused, STIPEND_ALERT_CRITICAL,
           cat("the manager refuses the registration: ", printable_line(problem)));
    follow("manager-disconnected", state == MembershipState::disconnected, STIPEND_ALERT_CRITICAL,
           "an administrator of the manager has disconnected this orchestrator: it is not paid");
    const bool silent = state == MembershipState::unreachable && now - since >= unreachable_patience_ns;
    // Between two tries it is still the same trouble.
    if (silent || state != MembershipState::unreachable) {
        follow("manager-unreachable", silent, STIPEND_ALERT_WARNING,
               cat("the manager does not answer: ", printable_line(problem)));
    }
}

void WorkerAlerts::clock(std::int64_t skew_ns, stipend_unix_ns now) {
    if (skew_ns <= clock_jump_ns && skew_ns >= -clock_jump_ns) return resolve("clock-set", now);
    raise("clock-set", STIPEND_ALERT_WARNING,
          cat("the clock was set by ", skew_ns / ns_per_s,
              " s while the host runs: what is recorded keeps the time of the host's start until it is started again"),
          now);
}

}  // namespace stipend::worker
