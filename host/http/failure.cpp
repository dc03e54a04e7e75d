#include "host/http/failure.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

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

}  // namespace

bool has_route(const TriedAddress& tried) {
    const Fd fd(::socket(tried.address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return fd && ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&tried.address), tried.length) == 0;
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
