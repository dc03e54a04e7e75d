// The limits and hooks of the HTTP client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "host/http/name_check.hpp"
#include "stipend/result.hpp"

namespace stipend::http {

// Returns the value of a secret. Called on the client's thread just before a request is sent; must be thread-safe and
// not block. Its error ends the exchange and must not contain the value.
using SecretResolver = std::function<Result<std::string>(std::string_view name)>;

// Why an untrusted target may not lead to this numeric address; empty where it may. Called on the client's thread.
using AddressGuard = std::function<std::string_view(const char* address)>;

// Rationale: an exchange that waits for a silent server must not keep others from starting, also where most of them go
// to one origin, a gateway. Such a wait costs one connection, 17 KiB and no CPU, so the limits are generous.
struct ClientOptions {
    std::size_t max_transfers = 65'536;   // accepted and not yet over; `send` returns LIMIT beyond
    std::size_t max_connections = 8'192;  // open at once, at most half of the process's descriptors; more transfers
                                          // wait, and origins take turns
    std::size_t max_connections_per_origin = 4'096;  // at most a quarter of the process's descriptors
    std::uint32_t max_idle_s = 50;  // an older idle connection is not used again: servers close theirs after 60 s
    std::string ca_file = {};       // PEM bundle to trust; empty for the system's
    std::string proxy = {};         // URL; empty for none. The environment is ignored, and untrusted targets bypass the
                                    // proxy, since the guard must check the real address
    AddressGuard ssrf_guard = {};   // empty for `ssrf_refusal`; another one where orchestrators run on loopback
    AddressGuard public_guard = {};  // the same for public targets; empty for `public_refusal` without exceptions
    NameLookup lookup = {};          // asked again after a failed lookup; empty for the system's: see name_check.hpp
    SecretResolver secrets = {};     // without one, a request that names a secret ends with CONFIG
};

}  // namespace stipend::http
