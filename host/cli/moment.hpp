// Points in time on the command line.
#pragma once

#include <optional>
#include <string_view>

#include "stipend/abi/types.h"
#include "stipend/result.hpp"

namespace stipend::cli {

// A time, or how long before `now`: "2026-11-22T06:00:00Z", "7d", "-7d". None for an empty text. INVALID for any other,
// with the option's name. [pure]
[[nodiscard]] Result<std::optional<stipend_unix_ns>> moment(std::string_view option, std::string_view text,
                                                            stipend_unix_ns now);

}  // namespace stipend::cli
