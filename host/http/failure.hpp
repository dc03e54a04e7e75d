// What a failed exchange means: libcurl's result and the system's error as a status and a cause.
#pragma once

#include <curl/curl.h>
#include <sys/socket.h>

#include <string_view>

#include "host/http/client.hpp"

namespace stipend::http {

// An address that a connection was begun to.
struct TriedAddress {
    sockaddr_storage address;
    socklen_t length;
};

[[nodiscard]] stipend_status status_of(CURLcode code);
// `os_error`: errno of the last failed call; 0: none.
[[nodiscard]] Cause cause_of(CURLcode code, long os_error);

// True if this machine knows a way to that address; no packet is sent. A refusal that arrives over the network, which a
// target can cause, looks to `connect` like one of the own routing table.
[[nodiscard]] bool has_route(const TriedAddress& tried);

// True for the host of a URL that is an address, so that no lookup is needed.
[[nodiscard]] bool is_numeric_host(std::string_view host);

}  // namespace stipend::http
