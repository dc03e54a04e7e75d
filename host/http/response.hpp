// A response of the server, and its form on the wire. Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "host/http/body_stream.hpp"
#include "stipend/result.hpp"

namespace stipend::http {

struct ServerResponse {
    int status = 200;
    std::string headers = {};                 // "Name: value\r\n" lines; length and connection are the server's own
    std::string body = {};                    // not sent with 204 and 304, nor to HEAD
    std::shared_ptr<BodyStream> stream = {};  // instead of `body`, until the connection is closed
};

// {"error": "..."} with its content type: the form of what a server itself reports, unless its options have another
// one.
[[nodiscard]] ServerResponse error_response(int status, std::string_view message);

// INVALID: a status outside 200..599, a malformed header line, or one that frames the body (those are the server's).
[[nodiscard]] Result<void> check_response(const ServerResponse& response);

// The bytes of a response that was checked. `to_head`: without the body.
[[nodiscard]] std::string response_text(const ServerResponse& response, bool to_head, bool keep_alive);

}  // namespace stipend::http
