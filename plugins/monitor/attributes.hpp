// How one target is looked at: the plugin's configuration, with what the target says of itself laid over it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stipend/config.hpp"

namespace monitor {

struct Attributes {
    std::int64_t timeout_ns = 5 * stipend::ns_per_s;
    std::int64_t slow_after_ns = 0;  // 0: never too slow
    int least_status = 200;
    int most_status = 299;
    std::string contains;
    std::string pin_sha256;
    bool verify_tls = true;
    bool stranger = false;
};

// What `config` says, else what `defaults` has. Keys that a target cannot have are refused when `closed`: nobody checks
// a target's attributes against a schema.
stipend::Result<Attributes> parse_attributes(const stipend::ConfigView& config, const Attributes& defaults,
                                             bool closed);

enum class Way : std::uint8_t { http, tcp };

struct Endpoint {
    Way way = Way::http;
    std::string url;       // for the host's HTTP client
    bool numeric = false;  // its host is an address, so no name has to be looked up
};

// "http://", "https://" or "tcp://host:port". INVALID otherwise.
stipend::Result<Endpoint> parse_endpoint(std::string_view text);

}  // namespace monitor
