// How a target is checked: the plugin's configuration, overridden by the attributes of the target.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stipend/config.hpp"

namespace monitor {

struct Attributes {
    std::int64_t timeout_ns = 5 * stipend::ns_per_s;
    std::int64_t slow_after_ns = 0;  // 0: no limit
    int least_status = 200;
    int most_status = 299;
    std::string contains;
    std::string pin_sha256;
    bool verify_tls = true;
    bool stranger = false;
};

// The values of `config`, else those of `defaults`. If `closed`, unknown keys are an error: the attributes of a target
// are not validated against a schema.
stipend::Result<Attributes> parse_attributes(const stipend::ConfigView& config, const Attributes& defaults,
                                             bool closed);

enum class Way : std::uint8_t { http, tcp };

struct Endpoint {
    Way way = Way::http;
    std::string url;       // for the host's HTTP client
    bool numeric = false;  // the host is an address, so no lookup is needed
};

// "http://", "https://" or "tcp://host:port". INVALID otherwise.
stipend::Result<Endpoint> parse_endpoint(std::string_view text);

}  // namespace monitor
