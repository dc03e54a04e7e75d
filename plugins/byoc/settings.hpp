// What the operator can say to the dispatcher.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "stipend/abi/lifecycle.h"
#include "stipend/duration.hpp"
#include "stipend/json.hpp"

namespace byoc {

struct Settings {
    std::string gateway;  // without a slash at its end
    std::string capability = "agent-net";
    std::string path;  // empty: the capability's name
    std::uint32_t timeout_s = 20;
    std::uint64_t max_price = 0;      // wei per second
    std::int64_t price_check_ns = 0;  // how long a price that was seen is good for; 0: prices are not looked at
    bool unseen_price_fails = false;
    bool signed_only = false;  // an answer without verified evidence does not count
    std::int64_t retry_after_ns = 5 * stipend::ns_per_s;
    std::uint64_t max_body = 1 << 20;
    std::map<std::string, std::string> pins;  // address without its last slash -> SHA-256 of a certificate
};

// Pure; errors carry the JSON pointer of the value.
stipend::Result<Settings> parse_settings(const stipend::Json& config, const stipend_terms& terms);

}  // namespace byoc
