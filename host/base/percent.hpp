// Text as a part of a URL (RFC 3986): all but unreserved characters as %XX.
#pragma once

#include <string>
#include <string_view>

namespace stipend {

// A segment of a path, or a value of a query. [pure]
[[nodiscard]] std::string url_part(std::string_view text);

}  // namespace stipend
