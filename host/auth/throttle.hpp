// Failed logins slow down further ones: by account and by network, with delays that double. One thread at a time;
// memory is bounded. The time is an argument.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string_view>

#include "host/base/ip_address.hpp"
#include "stipend/abi/types.h"

namespace stipend::auth {

struct ThrottleRule {
    std::uint32_t free_failures;  // so many have no delay
    std::int64_t longest_s;       // the delay doubles from 1 s up to this
};

struct ThrottleLimits {
    ThrottleRule account{.free_failures = 5, .longest_s = 300};
    ThrottleRule network{.free_failures = 20, .longest_s = 900};
    std::size_t entries = 10'000;  // of accounts, and as many of networks; the one unused for longest is dropped
    std::int64_t forget_s = 3600;  // after so long without an attempt, failures count anew
};

class LoginThrottle {
  public:
    explicit LoginThrottle(ThrottleLimits limits = {});

    // The seconds until an attempt may be made, as for Retry-After. With 0 it may be made now, and is counted as failed
    // already, so that attempts that run at the same time do not pass as one. An IPv6 address counts by its /64. The
    // account is any text that a peer sends, whether it exists or not.
    [[nodiscard]] std::int64_t begin(std::string_view account, const IpAddress& from, stipend_mono_ns now);

    // An attempt that began has succeeded: the account's failures are forgotten, of the network's only this attempt.
    void succeeded(std::string_view account, const IpAddress& from);

    // How many accounts and networks are remembered.
    [[nodiscard]] std::size_t size() const { return accounts_.size() + networks_.size(); }

  private:
    using Key = std::array<std::uint8_t, 16>;
    struct Entry {
        Key key;
        std::uint32_t failures;
        stipend_mono_ns last;
    };
    // The entries of one rule, the one used last first.
    class Table {
      public:
        Table(ThrottleRule rule, std::size_t most, std::int64_t forget_ns)
            : rule_(rule), most_(most), forget_ns_(forget_ns) {}
        [[nodiscard]] std::int64_t wait_ns(const Key& key, stipend_mono_ns now);
        void count(const Key& key, stipend_mono_ns now);
        void discount(const Key& key);
        void erase(const Key& key);
        [[nodiscard]] std::size_t size() const { return order_.size(); }

      private:
        [[nodiscard]] std::int64_t delay_ns(std::uint32_t failures) const;
        ThrottleRule rule_;
        std::size_t most_;
        std::int64_t forget_ns_;
        std::list<Entry> order_;
        // A tree: peers choose the keys, and could make the buckets of a hash table long.
        std::map<Key, std::list<Entry>::iterator> by_key_;
    };
    static Key key_of(std::string_view account);
    static Key key_of(const IpAddress& from);

    Table accounts_;
    Table networks_;
};

}  // namespace stipend::auth
