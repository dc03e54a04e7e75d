// Guard against server-side request forgery (SSRF): addresses that an untrusted target must not lead to. Pure.
#pragma once

#include <string_view>

namespace stipend::http {

// Why an untrusted target may not lead to a numeric IPv4 or IPv6 address ("a loopback address"); empty where it may.
// Callers check the address that is connected to, so that neither a name, a redirect nor an unusual spelling evades it.
// An IPv4 address embedded in an IPv6 one (mapped, compatible, 6to4, NAT64) is checked as itself. Private ranges are
// allowed, since orchestrators run there. Text that is no address is refused.
[[nodiscard]] std::string_view ssrf_refusal(const char* address);

}  // namespace stipend::http
