#include "host/http/failure.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "host/base/file.hpp"

namespace stipend::http {
namespace {

// What the operating system says of a connection that was not made: refused by the peer, never tried, or no way there.
enum class NotMade : std::uint8_t { refused, reset, no_means, no_route, no_source, other };

NotMade not_made(long os_error) {
    switch (os_error) {
        case ECONNREFUSED:
            return NotMade::refused;
        case ECONNRESET:
            return NotMade::reset;
        case ENETDOWN:
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
        case EPERM:
            return NotMade::no_means;
        case ENETUNREACH:
        case EHOSTUNREACH:
        case EACCES:
            return NotMade::no_route;
        case EADDRNOTAVAIL:
            return NotMade::no_source;
        default:
            return NotMade::other;
    }
}

constexpr std::uint16_t any_port = 9;

// Addresses that no machine has, which only a default route leads to: RFC 5737 and RFC 3849.
TriedAddress anywhere_v4() {
    TriedAddress out{{}, sizeof(sockaddr_in)};
    auto& to = reinterpret_cast<sockaddr_in&>(out.address);
    to.sin_family = AF_INET;
    to.sin_port = htons(any_port);
    ::inet_pton(AF_INET, "203.0.113.1", &to.sin_addr);
    return out;
}
TriedAddress anywhere_v6() {
    TriedAddress out{{}, sizeof(sockaddr_in6)};
    auto& to = reinterpret_cast<sockaddr_in6&>(out.address);
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(any_port);
    ::inet_pton(AF_INET6, "2001:db8::1", &to.sin6_addr);
    return out;
}

using Routed = std::function<bool(const TriedAddress&)>;

// To the world: by IPv4 for any target, by IPv6 for one that has such an address.
bool has_way_out(std::span<const TriedAddress> tried, const Routed& routed) {
    const auto is_v6 = [](const TriedAddress& one) { return one.address.ss_family == AF_INET6; };
    return routed(anywhere_v4()) || (std::ranges::any_of(tried, is_v6) && routed(anywhere_v6()));
}

// Either this machine has no port left, or no address of its own from which one of `tried` can be reached: a name that
// has IPv6 alone, on a machine without it. A datagram needs no port of TCP: where one has a way, ports are short.
bool lacks_source_by_itself(std::span<const TriedAddress> tried, const Routed& routed) {
    return !std::ranges::all_of(tried, routed) && has_way_out(tried, routed);
}

Cause cause_of_connect(const Failure& failure, const Routed& routed) {
    if (failure.no_socket) return Cause::local;
    switch (not_made(failure.os_error)) {
        case NotMade::refused:
            return Cause::refused;
        case NotMade::reset:
            return Cause::reset;
        case NotMade::no_means:
            return Cause::local;
        case NotMade::no_route:
            return unreachable_by_itself(failure.tried, routed) ? Cause::other : Cause::local;
        case NotMade::no_source:
            return lacks_source_by_itself(failure.tried, routed) ? Cause::other : Cause::local;
        case NotMade::other:
            return Cause::other;
    }
    return Cause::other;
}

Cause cause_of_code(const Failure& failure, const Routed& routed) {
    switch (failure.code) {
        case CURLE_OK:
            return Cause::none;
        case CURLE_COULDNT_RESOLVE_HOST:
            return Cause::resolve;
        case CURLE_COULDNT_CONNECT:
            return cause_of_connect(failure, routed);
        case CURLE_GOT_NOTHING:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PARTIAL_FILE:
            return Cause::reset;
        case CURLE_PEER_FAILED_VERIFICATION:
            return Cause::certificate;
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_OUT_OF_MEMORY:
        case CURLE_FAILED_INIT:
            return Cause::local;
        default:
            return Cause::other;
    }
}

}  // namespace

bool has_route(const TriedAddress& tried) {
    const Fd fd(::socket(tried.address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return fd && ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&tried.address), tried.length) == 0;
}

bool unreachable_by_itself(std::span<const TriedAddress> tried,
                           const std::function<bool(const TriedAddress&)>& routed) {
    return std::ranges::any_of(tried, routed) || has_way_out(tried, routed);
}

bool is_numeric_host(std::string_view host) {
    in_addr v4{};
    return host.starts_with('[') || ::inet_pton(AF_INET, std::string(host).c_str(), &v4) == 1;
}

stipend_status status_of(CURLcode code) {
    switch (code) {
        case CURLE_OPERATION_TIMEDOUT:
            return STIPEND_E_TIMEOUT;
        case CURLE_TOO_MANY_REDIRECTS:
            return STIPEND_E_LIMIT;
        case CURLE_FAILED_INIT:
        case CURLE_NOT_BUILT_IN:
        case CURLE_BAD_FUNCTION_ARGUMENT:
            return STIPEND_E_INTERNAL;
        default:
            return STIPEND_E_UNAVAILABLE;
    }
}

Cause cause_of(const Failure& failure, const std::function<bool(const TriedAddress&)>& routed) {
    if (failure.proxy == Failure::Proxy::unreached || failure.proxy == Failure::Proxy::refused) return Cause::local;
    const auto cause = cause_of_code(failure, routed);
    // libcurl reports a line of a head that is too long for it as a lack of memory.
    return cause == Cause::local && failure.phase >= Phase::sent ? Cause::other : cause;
}

}  // namespace stipend::http
