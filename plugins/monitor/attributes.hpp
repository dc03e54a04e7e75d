// How a target is checked: the plugin's configuration, overridden by the attributes of the target.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stipend/config.hpp"

namespace monitor {

// A value that the body, a JSON document, must have.
struct JsonValue {
    std::string pointer;  // RFC 6901
    stipend::Json value;  // a scalar
};

struct Attributes {
    std::int64_t timeout_ns = 5 * stipend::ns_per_s;
    std::int64_t slow_after_ns = 0;                                                 // 0: no limit
    std::vector<std::pair<int, int>> status = std::vector(1, std::pair(200, 299));  // ranges, both ends included
    std::string status_text = "200-299";
    std::string method = "GET";
    std::string headers;  // "Name: value\r\n" lines, without Authorization
    std::string authorization;
    std::string body;
    std::uint32_t redirects = 0;
    std::string contains;
    std::vector<JsonValue> json;
    std::int64_t expiry_degraded_ns = 0;  // of the certificate; 0: it does not matter
    std::int64_t expiry_down_ns = 0;
    std::string pin_sha256;
    bool verify_tls = true;
    bool stranger = false;
    int retries = 0;
    std::int64_t retry_after_ns = stipend::ns_per_s;
};

// The values of `config`, else those of `defaults`. If `closed`, unknown keys are an error: the attributes of a target
// are not validated against a schema.
stipend::Result<Attributes> parse_attributes(const stipend::ConfigView& config, const Attributes& defaults,
                                             bool closed);

// The attributes of a target, given as JSON text.
stipend::Result<Attributes> parse_attributes_json(std::string_view text, const Attributes& defaults);

enum class Way : std::uint8_t { http, tcp };

struct Endpoint {
    Way way = Way::http;
    std::string url;       // for the host's HTTP client
    bool numeric = false;  // the host is an address, so no lookup is needed
};

// "http://", "https://" or "tcp://host:port", in any case. INVALID otherwise.
stipend::Result<Endpoint> parse_endpoint(std::string_view text);

}  // namespace monitor
