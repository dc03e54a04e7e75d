// Jobs in the order in which they were sent. Those that ended leave when they come to the front, or when there are more
// of them than of others.
#pragma once

#include <algorithm>
#include <deque>

#include "host/engine/effects.hpp"

namespace stipend::engine {

class SentJobs {
  public:
    struct Sent {
        stipend_unix_ns at = 0;
        JobToken token;
    };

    // `open(token)`: the job has not ended; `open_count`: how many have not, the new one included.
    template <class Open>
    void add(const Sent& sent, std::size_t open_count, Open&& open) {
        sent_.push_back(sent);
        if (sent_.size() <= 2 * open_count + slack) return;
        std::erase_if(sent_, [&](const Sent& one) { return !open(one.token); });
        STIPEND_ASSERT(sent_.size() <= open_count);
    }
    // Drops ended ones from the front. The oldest one that is open, or null.
    template <class Open>
    const Sent* oldest(Open&& open) {
        while (!sent_.empty() && !open(sent_.front().token)) sent_.pop_front();
        return front();
    }
    [[nodiscard]] const Sent* front() const { return sent_.empty() ? nullptr : &sent_.front(); }
    void pop() { sent_.pop_front(); }
    [[nodiscard]] std::size_t size() const { return sent_.size(); }

    static constexpr std::size_t slack = 1024;

  private:
    std::deque<Sent> sent_;
};

}  // namespace stipend::engine
