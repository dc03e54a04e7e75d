// Which addresses a target that somebody else named may not lead to. Pure.
#pragma once

#include <string_view>

namespace stipend::http {

// Why a numeric IPv4 or IPv6 address is refused to strangers ("a loopback address"), or empty where it is allowed.
// Asked for the address that is really connected to, so neither a name, a redirect nor an odd spelling goes around it.
// IPv4 addresses inside IPv6 ones (mapped, compatible, 6to4, NAT64) count as what they lead to. Private ranges are
// allowed: orchestrators live there. Text that is no such address is refused.
[[nodiscard]] std::string_view stranger_refusal(const char* address);

}  // namespace stipend::http
