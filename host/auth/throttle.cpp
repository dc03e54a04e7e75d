#include "host/auth/throttle.hpp"

#include <algorithm>

#include "host/base/sha256.hpp"
#include "stipend/duration.hpp"
#include "stipend/result.hpp"

namespace stipend::auth {
namespace {

constexpr unsigned ipv6_network_bits = 64;
constexpr unsigned most_doublings = 30;

}  // namespace

std::int64_t LoginThrottle::Table::delay_ns(std::uint32_t failures) const {
    if (failures <= rule_.free_failures) return 0;
    const auto doublings = std::min(failures - rule_.free_failures - 1, most_doublings);
    return std::min(std::int64_t{1} << doublings, rule_.longest_s) * ns_per_s;
}

std::int64_t LoginThrottle::Table::wait_ns(const Key& key, stipend_mono_ns now) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return 0;
    order_.splice(order_.begin(), order_, found->second);
    auto& entry = *found->second;
    if (now - entry.last >= forget_ns_) entry.failures = 0;
    return std::max<std::int64_t>(0, entry.last + delay_ns(entry.failures) - now);
}

void LoginThrottle::Table::count(const Key& key, stipend_mono_ns now) {
    const auto found = by_key_.find(key);
    if (found != by_key_.end()) {
        auto& entry = *found->second;
        if (entry.failures < UINT32_MAX) ++entry.failures;
        entry.last = now;
        return;
    }
    if (order_.size() >= most_) {
        by_key_.erase(order_.back().key);
        order_.pop_back();
    }
    order_.push_front({.key = key, .failures = 1, .last = now});
    by_key_.emplace(key, order_.begin());
}

void LoginThrottle::Table::discount(const Key& key) {
    const auto found = by_key_.find(key);
    if (found != by_key_.end() && found->second->failures > 0) --found->second->failures;
}

void LoginThrottle::Table::erase(const Key& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    order_.erase(found->second);
    by_key_.erase(found);
}

LoginThrottle::LoginThrottle(ThrottleLimits limits)
    : accounts_(limits.account, limits.entries, limits.forget_s * ns_per_s),
      networks_(limits.network, limits.entries, limits.forget_s * ns_per_s) {
    STIPEND_ASSERT(limits.entries > 0 &&
                   limits.forget_s >= std::max(limits.account.longest_s, limits.network.longest_s));
}

LoginThrottle::Key LoginThrottle::key_of(std::string_view account) {
    // A hash, so that a long name takes no more memory than a short one.
    const auto hash = sha256(account);
    Key out{};
    std::copy_n(hash.begin(), out.size(), out.begin());
    return out;
}

LoginThrottle::Key LoginThrottle::key_of(const IpAddress& from) {
    return from.is_v4() ? from.bytes() : from.network(ipv6_network_bits).bytes();
}

std::int64_t LoginThrottle::begin(std::string_view account, const IpAddress& from, stipend_mono_ns now) {
    const auto account_key = key_of(account);
    const auto network_key = key_of(from);
    const auto wait = std::max(accounts_.wait_ns(account_key, now), networks_.wait_ns(network_key, now));
    // A refused attempt adds no entry, so that a blocked network does not push out those of others.
    if (wait > 0) return (wait + ns_per_s - 1) / ns_per_s;
    accounts_.count(account_key, now);
    networks_.count(network_key, now);
    return 0;
}

void LoginThrottle::succeeded(std::string_view account, const IpAddress& from) {
    accounts_.erase(key_of(account));
    networks_.discount(key_of(from));
}

}  // namespace stipend::auth
