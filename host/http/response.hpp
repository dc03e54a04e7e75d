// An answer as it goes over the wire. Pure.
#pragma once

#include <string>

#include "host/http/server.hpp"

namespace stipend::http {

// INVALID: a status outside 200..599, a malformed header line, or one that frames the body (that is the server's).
[[nodiscard]] Result<void> check_response(const ServerResponse& response);

// The whole answer, for a response that was checked. `to_head`: all but the body.
[[nodiscard]] std::string response_text(const ServerResponse& response, bool to_head, bool keep_alive);

}  // namespace stipend::http
