// Decides which exchange may start: limits those under way, in total and for each origin, and lets origins take turns,
// so that a slow one never delays another. Not thread-safe.
//
// Rationale: libcurl's own limits (CURLMOPT_MAX_HOST_CONNECTIONS, CURLMOPT_MAX_TOTAL_CONNECTIONS) are not fair: they
// queue in one line, and each connection that becomes free lets only the first in line try. With 50 transfers to a
// silent host and 100 to another, 4 connections to a host and 8 in all, 4 of the 100 ended in time (libcurl 7.88).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace stipend::http {

class Admission {
  public:
    // An origin's queue; valid while an operation of it waits or is under way.
    struct Origin {
        std::string key;
        std::size_t active = 0;
        std::map<std::uint64_t, std::int64_t> waiting;  // operation -> deadline; lowest operation first
        bool has_turn = false;                          // is in the ring
    };

    Admission(std::size_t max_active, std::size_t max_active_per_origin)
        : max_active_(max_active), max_per_origin_(max_active_per_origin) {}
    Admission(const Admission&) = delete;
    Admission& operator=(const Admission&) = delete;

    // Queues an operation; it is under way once `next` has returned it.
    Origin* add(std::uint64_t op, const std::string& key, std::int64_t deadline_ns);
    // The operation that may start now, counted as under way from here on.
    [[nodiscard]] std::optional<std::uint64_t> next();
    // Whether `next` might return one.
    [[nodiscard]] bool may_start() const { return active_ < max_active_ && !ring_.empty(); }
    // Removes an operation that waits. False, without any change, where it does not wait.
    bool withdraw(Origin* origin, std::uint64_t op);
    // An operation under way has ended.
    void release(Origin* origin);

    // A waiting operation whose deadline is not after `now_ns`. It still waits.
    [[nodiscard]] std::optional<std::uint64_t> overdue(std::int64_t now_ns) const;
    // The earliest deadline of the waiting operations.
    [[nodiscard]] std::optional<std::int64_t> nearest_deadline_ns() const;
    [[nodiscard]] std::size_t active() const { return active_; }
    // Whether it is its own limit that operations of this origin wait for: its own exchanges take too long.
    [[nodiscard]] bool is_full(const Origin& origin) const { return origin.active >= max_per_origin_; }
    [[nodiscard]] std::size_t origins() const { return origins_.size(); }

  private:
    void offer_turn(Origin* origin);
    void forget_if_unused(Origin* origin);

    std::size_t max_active_;
    std::size_t max_per_origin_;
    std::size_t active_ = 0;
    std::unordered_map<std::string, Origin> origins_;
    std::deque<Origin*> ring_;  // origins with an operation that waits and may start by their own limit
    std::set<std::pair<std::int64_t, std::uint64_t>> deadlines_;
};

}  // namespace stipend::http
