// What a failed exchange means: libcurl's result and the system's error as a status and a cause.
#pragma once

#include <curl/curl.h>
#include <sys/socket.h>

#include <functional>
#include <span>
#include <string_view>

#include "host/http/client.hpp"

namespace stipend::http {

// An address that a connection was begun to.
struct TriedAddress {
    sockaddr_storage address;
    socklen_t length;
};

[[nodiscard]] stipend_status status_of(CURLcode code);

// True if this machine knows a way to that address; no packet is sent. A refusal that arrives over the network, which a
// target can cause, looks to `connect` like one of the own routing table.
[[nodiscard]] bool has_route(const TriedAddress& tried);

// True if it is the target, by the addresses that its name has, that cannot be reached, rather than this machine whose
// network is gone: one of `tried` has a route, or this machine has a way out to the world (by IPv4 for any target, by
// IPv6 for one that has such an address). So a name that leads to a broadcast address, or to IPv6 alone on a machine
// without it, is the fault of the one that gave it. `routed`: `has_route`, or another in tests.
[[nodiscard]] bool unreachable_by_itself(std::span<const TriedAddress> tried,
                                         const std::function<bool(const TriedAddress&)>& routed = has_route);

// What is known of a transfer that failed.
struct Failure {
    // How far it came on the way to the own proxy.
    enum class Proxy : std::uint8_t {
        none,       // it uses none
        unreached,  // no connection to it
        refused,    // it forbids the target, or wants credentials
        passed,     // what follows is the target's
    };

    CURLcode code = CURLE_OK;
    long os_error = 0;  // errno of the last failed call; 0: none
    Phase phase = Phase::resolve;
    Proxy proxy = Proxy::none;
    bool no_socket = false;  // the system granted none, so no address was tried
    std::span<const TriedAddress> tried = {};
};

// `Cause::local` only where nothing left this machine, and its target cannot have brought that about: an error of the
// network may have been sent by the target, and an address that this machine cannot use chosen by it.
[[nodiscard]] Cause cause_of(const Failure& failure,
                             const std::function<bool(const TriedAddress&)>& routed = has_route);

// True for the host of a URL that is an address, so that no lookup is needed.
[[nodiscard]] bool is_numeric_host(std::string_view host);

}  // namespace stipend::http
