// Answers that many clients ask for at once, kept for a moment: a list that is polled is made once a second, not once
// for each client.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "host/api/reply.hpp"
#include "stipend/abi/types.h"
#include "stipend/duration.hpp"

namespace stipend::api {

// Thread-safe.
class RecentReplies {
  public:
    static constexpr std::int64_t max_age_ns = ns_per_s;
    static constexpr std::size_t max_replies = 64;

    // The reply of that key that was kept, unless it is older than `max_age_ns` or of another revision.
    [[nodiscard]] std::optional<Reply> find(const std::string& key, std::uint64_t revision, stipend_mono_ns now);
    // `made_at`: when what it says was read. It is no stream, and none that comes later. Not kept where
    // there are too many.
    void keep(const std::string& key, std::uint64_t revision, stipend_mono_ns made_at, const Reply& reply);

  private:
    struct Kept {
        std::uint64_t revision = 0;
        stipend_mono_ns made_at = 0;
        std::shared_ptr<const Reply> reply;
    };
    std::mutex mutex_;
    std::map<std::string, Kept> kept_;  // guarded by mutex_
};

}  // namespace stipend::api
