// Asks a running host, through the socket in its state folder.
#pragma once

#include <string>

#include "host/config/settings.hpp"
#include "stipend/json.hpp"

namespace stipend::cli {

// UNAVAILABLE where no host runs with that state folder; INVALID with the host's own words where it refuses.
Result<Json> ask_host(const config::Settings& settings, const std::string& method, const std::string& path,
                      const Json& body);

}  // namespace stipend::cli
