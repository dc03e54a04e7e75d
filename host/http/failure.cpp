#include "host/http/failure.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "host/base/file.hpp"

namespace stipend::http {
namespace {

// What the operating system says of a connection that was not made: refused by the peer, or never tried.
Cause cause_of_connect(long os_error) {
    switch (os_error) {
        case ECONNREFUSED:
            return Cause::refused;
        case ECONNRESET:
            return Cause::reset;
        case ENETUNREACH:
        case ENETDOWN:
        case EADDRNOTAVAIL:
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
        case EACCES:
        case EPERM:
            return Cause::local;
        default:
            return Cause::other;
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

}  // namespace

bool has_route(const TriedAddress& tried) {
    const Fd fd(::socket(tried.address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return fd && ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&tried.address), tried.length) == 0;
}

bool unreachable_by_itself(std::span<const TriedAddress> tried,
                           const std::function<bool(const TriedAddress&)>& routed) {
    const auto is_v6 = [](const TriedAddress& one) { return one.address.ss_family == AF_INET6; };
    return std::ranges::any_of(tried, routed) || routed(anywhere_v4()) ||
           (std::ranges::any_of(tried, is_v6) && routed(anywhere_v6()));
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

Cause cause_of(CURLcode code, long os_error) {
    switch (code) {
        case CURLE_OK:
            return Cause::none;
        case CURLE_COULDNT_RESOLVE_HOST:
            return Cause::resolve;
        case CURLE_COULDNT_CONNECT:
            return cause_of_connect(os_error);
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

}  // namespace stipend::http
