#include "host/api/rate_limit.hpp"

#include <algorithm>

#include "stipend/duration.hpp"

namespace stipend::api {

std::int64_t RateLimits::take(std::string_view client, RateClass kind, stipend_mono_ns now) {
    const auto& rule = rules_[static_cast<std::size_t>(kind)];
    const auto step_ns = 60 * ns_per_s / rule.per_minute;
    Key key{kind, std::string(client)};
    auto found = by_key_.find(key);
    if (found == by_key_.end()) {
        if (order_.size() >= max_clients) {
            by_key_.erase(order_.back().key);
            order_.pop_back();
        }
        order_.push_front({key, now});
        found = by_key_.emplace(std::move(key), order_.begin()).first;
    } else {
        order_.splice(order_.begin(), order_, found->second);
    }
    auto& bucket = *found->second;
    const auto full_at = std::max(bucket.full_at, now);
    const auto wait_ns = full_at + step_ns - now - rule.burst * step_ns;
    if (wait_ns > 0) return (wait_ns + ns_per_s - 1) / ns_per_s;
    bucket.full_at = full_at + step_ns;
    return 0;
}

}  // namespace stipend::api
