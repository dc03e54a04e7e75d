// Guard against server-side request forgery (SSRF): addresses that an untrusted target must not lead to. Pure.
#pragma once

#include <span>
#include <string_view>

#include "host/base/ip_address.hpp"

namespace stipend::http {

// Why an untrusted target may not lead to a numeric IPv4 or IPv6 address ("a loopback address"); empty where it may.
// Callers check the address that is connected to, so that neither a name, a redirect nor an unusual spelling evades it.
// An IPv4 address embedded in an IPv6 one (mapped, compatible, 6to4, NAT64) is checked as itself. Private ranges are
// allowed, since orchestrators run there. Text that is no address is refused.
[[nodiscard]] std::string_view ssrf_refusal(const char* address);

// The same for a target that another party registered: private and shared networks (RFC 1918, RFC 6598, unique local)
// and all others that are not the public internet are refused too. What lies in `allowed` is not refused.
[[nodiscard]] std::string_view public_refusal(const char* address, std::span<const IpRange> allowed = {});

// What of that can be seen of a URL's host before its name is resolved: numeric addresses in every spelling that a
// client takes (127.1, 0x7f000001), and names of this machine. Empty for any other name.
[[nodiscard]] std::string_view url_refusal(std::string_view url, std::span<const IpRange> allowed = {});

}  // namespace stipend::http
