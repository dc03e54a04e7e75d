// A virtual clock that a test advances, and the events that are due at it. One thread.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <unordered_map>
#include <utility>

#include "stipend/abi/types.h"
#include "stipend/unique_function.hpp"

namespace stipend::testing {

class EventQueue {
  public:
    static constexpr stipend_unix_ns first_now = 1'755'530'000'123'000'000;  // 2025-08-18T15:13:20.123Z
    static constexpr stipend_mono_ns first_monotonic = 1'000'000'000'000;

    [[nodiscard]] stipend_mono_ns monotonic() const { return monotonic_; }
    [[nodiscard]] stipend_unix_ns now() const { return first_now + (monotonic_ - first_monotonic) + wall_set_ns_; }
    // Sets the wall clock: it is ahead of its undisturbed course by that. The monotonic clock does not change.
    void set_wall(std::int64_t ahead_ns) { wall_set_ns_ = ahead_ns; }
    [[nodiscard]] std::size_t size() const { return events_.size(); }

    // Runs `work` in `delay_ns`; events of the same time run in the order in which they were added. Returns no 0.
    std::uint64_t add(std::int64_t delay_ns, UniqueFunction<void()> work) {
        constexpr auto end = std::numeric_limits<std::int64_t>::max();
        const auto at = delay_ns > end - monotonic_ ? end : monotonic_ + (delay_ns > 0 ? delay_ns : 0);
        const auto id = ++last_id_;
        events_.emplace(Key{at, id}, std::move(work));
        times_.emplace(id, at);
        return id;
    }
    // True: the work will not run.
    bool cancel(std::uint64_t id) {
        const auto found = times_.find(id);
        if (found == times_.end()) return false;
        events_.erase({found->second, id});
        times_.erase(found);
        return true;
    }
    // Advances to the next event and runs it, if it is due by `until`; false if there is none.
    bool step(stipend_mono_ns until) {
        if (events_.empty() || events_.begin()->first.first > until) return false;
        const auto [at, id] = events_.begin()->first;
        auto work = std::move(events_.begin()->second);
        cancel(id);
        monotonic_ = at;
        work();
        return true;
    }
    // Advances to `to` without running an event.
    void jump(stipend_mono_ns to) {
        if (to > monotonic_) monotonic_ = to;
    }
    void clear() {
        events_.clear();
        times_.clear();
    }

  private:
    using Key = std::pair<stipend_mono_ns, std::uint64_t>;
    stipend_mono_ns monotonic_ = first_monotonic;
    std::int64_t wall_set_ns_ = 0;
    std::map<Key, UniqueFunction<void()>> events_;
    std::unordered_map<std::uint64_t, stipend_mono_ns> times_;
    std::uint64_t last_id_ = 0;
};

}  // namespace stipend::testing
