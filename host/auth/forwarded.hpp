// The client's address where trusted proxies forward requests. Pure and thread-safe.
#pragma once

#include <span>
#include <string_view>

#include "host/base/ip_address.hpp"

namespace stipend::auth {

// `peer` unless it is a trusted proxy. Of a trusted one, the X-Forwarded-For fields are read from the right: the first
// address that is not a trusted proxy's. What is to the left of it is the client's own claim and is not read. An entry
// that is no address, which a proxy of ours does not write, ends the way at the last address before it. `forwarded_for`
// has the values of the fields in the order of the request; at most 32 entries are read.
[[nodiscard]] IpAddress client_address(const IpAddress& peer, std::span<const std::string_view> forwarded_for,
                                       std::span<const IpRange> trusted_proxies);

}  // namespace stipend::auth
