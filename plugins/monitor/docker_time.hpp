// Times as the engine writes them in its answers. Pure.
#pragma once

#include <string>
#include <string_view>

#include "stipend/abi/types.h"
#include "stipend/result.hpp"

namespace monitor::docker {

// An RFC 3339 time; 0 if it is before 1970, which is the engine's "never".
stipend::Result<stipend_unix_ns> parse_time(std::string_view text);

// "2026-11-22T09:38:04.089Z"
std::string time_text(stipend_unix_ns at);

}  // namespace monitor::docker
