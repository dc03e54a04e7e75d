// Where a manager is asked over its API, and whether a key may be sent there.
#pragma once

#include <string_view>

#include "stipend/result.hpp"

namespace stipend::http {

// INVALID: it is neither http:// nor https://, or is plain HTTP to another machine and `plain_http` does not allow it.
// The message names the option --url.
[[nodiscard]] Result<void> check_manager_url(std::string_view url, bool plain_http);

// INVALID: it is empty, or would add header fields.
[[nodiscard]] Result<void> check_manager_key(std::string_view key);

}  // namespace stipend::http
