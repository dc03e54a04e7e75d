// The configuration of the dispatcher.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "livepeer/server_trust.hpp"
#include "stipend/abi/lifecycle.h"
#include "stipend/duration.hpp"
#include "stipend/json.hpp"

namespace runner {

struct Settings {
    std::string app = "agent-net";
    std::string path;  // empty: the app's name
    std::uint32_t timeout_s = 30;
    std::string signer;              // a URL without a trailing slash, or empty
    std::uint64_t max_price = 0;     // wei for a call
    std::uint64_t max_second = 0;    // wei for a second, of which a call pays ten
    std::uint64_t ticket_value = 0;  // wei
    std::int64_t discovery_age_ns = 60 * stipend::ns_per_s;
    bool signed_only = false;  // a response without verified evidence is rejected
    std::int64_t retry_after_ns = 5 * stipend::ns_per_s;
    std::uint64_t max_body = 1 << 20;
    struct Witness {
        std::string url;            // http or https
        bool connect_only = false;  // a connection is enough
    };
    std::vector<Witness> witnesses;
    std::map<std::string, livepeer::ServerTrust> trust;  // by stipend::address_key
};

// Pure; errors carry the JSON pointer of the value.
stipend::Result<Settings> parse_settings(const stipend::Json& config, const stipend_terms& terms);

}  // namespace runner
