// The host's HTTP server: one listener, one thread, routes that come and go while it runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "stipend/result.hpp"

namespace stipend::http {

struct ServerRequest {
    std::string method = {};
    std::string path = {};     // as it came, not decoded; begins with a slash
    std::string query = {};    // without the question mark
    std::string headers = {};  // "name: value\r\n" lines, names in lower case
    std::string peer = {};     // "address:port", or "unix"
    std::string body = {};
};

struct ServerResponse {
    int status = 200;
    std::string headers = {};  // "Name: value\r\n" lines; length and connection are the server's own
    std::string body = {};     // not sent with 204 and 304, nor to HEAD
};

// {"error": "..."} with its content type: the shape of every error that the server itself answers.
[[nodiscard]] ServerResponse error_response(int status, std::string_view message);

class Exchange;

// The one answer that a request is owed. Given up unanswered, the client gets 504 at once. May outlive the server.
class Responder {
  public:
    explicit Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
    Responder(Responder&&) noexcept = default;
    Responder& operator=(Responder&& other) noexcept;
    ~Responder();

    // Answers. [any thread] INVALID: a status outside 200..599 or a malformed header, and an answer is still owed.
    // STATE: answered before, or the route's deadline has answered with 504, or the connection is gone.
    Result<void> respond(ServerResponse response);

  private:
    std::shared_ptr<Exchange> exchange_;
};

// Takes a request on the server's thread; must not block or throw. The responder may be moved anywhere.
using RouteHandler = std::function<void(ServerRequest&& request, Responder responder)>;

struct Route {
    std::string method = {};  // GET also serves HEAD
    std::string path = {};    // "/health"; the longest match wins, an exact one over a prefix of the same length
    bool prefix = false;      // serves every path that begins with `path`
    RouteHandler handler = {};
    std::uint64_t max_body_bytes = 65'536;  // a longer one is answered with 413
    std::uint32_t deadline_ms = 30'000;     // then 504
};

struct ServerOptions {
    std::string listen = {};       // "127.0.0.1:8010" or "[::1]:8010"; port 0 for one of the system's choice
    std::string unix_socket = {};  // a path instead; made for its owner only (0600)
    std::uint32_t max_header_bytes = 16 << 10;  // 431 beyond
    std::size_t max_connections = 1024;         // 503 beyond
    std::uint32_t idle_timeout_ms = 60'000;     // between requests, then closed
    std::uint32_t read_timeout_ms = 10'000;     // for a whole head, and for a whole body; then cut
    std::uint32_t write_timeout_ms = 30'000;    // for a whole answer; then cut
    std::uint32_t stop_timeout_ms = 5'000;      // how long `stop` waits for answers under way
};

class Server {
  public:
    // Listens and serves, without any route yet. INVALID: no address, or a malformed one. CONFLICT: the address is in
    // use, or another process answers at the unix socket (one that nobody answers at is replaced). UNAVAILABLE: what
    // the system said.
    [[nodiscard]] static Result<std::unique_ptr<Server>> create(ServerOptions options);

    ~Server();  // stops
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Adds a route and names it. [any thread] CONFLICT: that method and path are taken. INVALID: a bad method or path.
    [[nodiscard]] Result<std::uint64_t> add_route(Route route);
    // Requests that come from now on do not find it; those under way still answer. [any thread] Unknown: ignored.
    void remove_route(std::uint64_t id);

    // Where it listens: "127.0.0.1:41233" or the unix socket's path.
    [[nodiscard]] const std::string& address() const;

    // Accepts no more, closes idle connections, lets requests under way be answered within `stop_timeout_ms`, ends.
    // [any thread but the server's] Again: nothing.
    void stop();

    class Core;

  private:
    explicit Server(std::shared_ptr<Core> core);
    std::shared_ptr<Core> core_;
};

}  // namespace stipend::http
