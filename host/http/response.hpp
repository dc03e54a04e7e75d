// A response of the server, and its form on the wire. Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "host/http/body_stream.hpp"
#include "stipend/abi/types.h"
#include "stipend/result.hpp"

namespace stipend::http {

struct ServerResponse {
    int status = 200;
    std::string headers = {};                 // "Name: value\r\n" lines; length, connection and date are the server's
    std::string body = {};                    // not sent with 204 and 304, nor to HEAD
    std::shared_ptr<BodyStream> stream = {};  // instead of `body`, until the connection is closed
};

// {"error": "..."} with its content type: the form of what a server itself reports, unless its options have another
// one.
[[nodiscard]] ServerResponse error_response(int status, std::string_view message);

// INVALID: a status outside 200..599, a malformed header line, or one that is the server's own.
[[nodiscard]] Result<void> check_response(const ServerResponse& response);

// The bytes of a response that was checked. `to_head`: without the body. `now`: of its Date (RFC 9110, 6.6.1), by which
// a client knows this machine's clock.
[[nodiscard]] std::string response_text(const ServerResponse& response, bool to_head, bool keep_alive,
                                        stipend_unix_ns now);

}  // namespace stipend::http
