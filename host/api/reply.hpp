// Answers of the API: JSON, or a problem as RFC 9457 has it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "host/http/response.hpp"
#include "stipend/json.hpp"
#include "stipend/result.hpp"

namespace stipend::api {

struct Reply {
    int status = 200;
    std::string headers = {};  // "Name: value\r\n" lines beside those of `response_of`
    std::string body = {};
    std::string content_type = "application/json";
    std::shared_ptr<http::BodyStream> stream = {};   // instead of `body`
    bool tagged = false;                             // gets an ETag, and is 304 for a client that has it
    std::string tag = {};                            // the ETag, where it is known already
    std::string_view caching = "private, no-cache";  // Cache-Control of a tagged one; a literal
    bool embedded = false;                           // pages of other sites may show it
    // Instead of all of these: is called once, and sends the reply when there is one. It must not block.
    std::function<void(std::function<void(Reply)> send)> later = {};
};

[[nodiscard]] Reply json_reply(const Json& body, int status = 200);
// A list that clients poll.
[[nodiscard]] Reply tagged_reply(const Json& body);
// Computes the tag of a tagged reply that is sent more than once.
void set_tag(Reply& reply);
// {"type":"about:blank","title":"Not Found","status":404,"detail":...}
[[nodiscard]] Reply problem(int status, std::string_view detail);
// The same with Retry-After.
[[nodiscard]] Reply problem_later(int status, std::string_view detail, std::int64_t retry_after_s);
// An error of this host: its status by that of the error, its text only where the request is at fault.
[[nodiscard]] Reply problem_of(const Error& error);

// What goes on the wire: with the headers that every answer has, and 304 without a body where `if_none_match`, the
// field's value, names the body's tag.
[[nodiscard]] http::ServerResponse response_of(Reply reply, std::string_view if_none_match);

}  // namespace stipend::api
