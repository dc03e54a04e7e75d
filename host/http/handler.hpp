// What a handler of the HTTP server gets, and how it answers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "host/http/response.hpp"
#include "stipend/result.hpp"

namespace stipend::http {

struct ServerRequest {
    std::string method = {};
    std::string path = {};     // not decoded; begins with a slash
    std::string query = {};    // without the question mark
    std::string headers = {};  // "name: value\r\n" lines, names in lower case
    std::string peer = {};     // "address:port", or "unix"
    std::string body = {};
    // What a handler before has verified of the sender; empty: nothing.
    std::string principal = {};
    std::string role = {};
    std::string orchestrator = {};
};

class Exchange;

// Answers one request, once. Destroyed without an answer, it sends 504 at once. May outlive the server.
class Responder {
  public:
    explicit Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
    Responder(Responder&&) noexcept = default;
    Responder& operator=(Responder&& other) noexcept;
    ~Responder();

    // Changes the answer before it is sent, and before it is checked. The filter runs on the thread of `respond`.
    void set_filter(std::function<void(ServerResponse&)> filter) { filter_ = std::move(filter); }

    // Sends the answer. [any thread] INVALID: a status outside 200..599 or a malformed header; another answer may
    // follow. STATE: answered before, or the route's deadline has passed (and sent 504), or the connection is closed.
    Result<void> respond(ServerResponse response);

  private:
    std::shared_ptr<Exchange> exchange_;
    std::function<void(ServerResponse&)> filter_;
};

// Handles a request on the server's thread; must not block or throw. The responder may be moved to any thread.
using RouteHandler = std::function<void(ServerRequest&& request, Responder responder)>;

struct Route {
    std::string method = {};  // GET also serves HEAD
    std::string path = {};    // "/health"; the longest match wins, an exact one over a prefix of the same length
    bool prefix = false;      // serves every path that begins with `path`
    RouteHandler handler = {};
    std::uint64_t max_body_bytes = 65'536;  // 413 for a longer one
    std::uint32_t deadline_ms = 30'000;     // 504 after that
};

}  // namespace stipend::http
