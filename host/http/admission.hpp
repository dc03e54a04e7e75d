// Who may open a connection now: bounds the exchanges under way, in all and for each origin, and lets origins take
// turns, so that a slow one never holds up another. Not thread-safe.
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
    // An origin's place in the queues; valid while an operation of it waits or is under way.
    struct Origin {
        std::string key;
        std::size_t active = 0;
        std::map<std::uint64_t, std::int64_t> waiting;  // operation -> deadline; lowest operation first
        bool has_turn = false;                          // stands in the ring
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
    // True where the operation was waiting, and waits no more; false leaves everything as it was.
    bool withdraw(Origin* origin, std::uint64_t op);
    // An operation under way is over.
    void release(Origin* origin);

    // A waiting operation whose deadline is not after `now_ns`. It still waits.
    [[nodiscard]] std::optional<std::uint64_t> overdue(std::int64_t now_ns) const;
    // The nearest deadline of those that wait.
    [[nodiscard]] std::optional<std::int64_t> nearest_deadline_ns() const;
    [[nodiscard]] std::size_t active() const { return active_; }
    [[nodiscard]] std::size_t origins() const { return origins_.size(); }

  private:
    void offer_turn(Origin* origin);
    void forget_if_unused(Origin* origin);

    std::size_t max_active_;
    std::size_t max_per_origin_;
    std::size_t active_ = 0;
    std::unordered_map<std::string, Origin> origins_;
    std::deque<Origin*> ring_;  // origins with somebody waiting and room of their own
    std::set<std::pair<std::int64_t, std::uint64_t>> deadlines_;
};

}  // namespace stipend::http
