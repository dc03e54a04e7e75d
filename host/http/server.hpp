// The host's HTTP server: one listener, one thread, and routes that are added and removed while it runs.
#pragma once

#include <cstddef>
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
};

class Exchange;

// Answers one request, once. Destroyed without an answer, it sends 504 at once. May outlive the server.
class Responder {
  public:
    explicit Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
    Responder(Responder&&) noexcept = default;
    Responder& operator=(Responder&& other) noexcept;
    ~Responder();

    // Sends the answer. [any thread] INVALID: a status outside 200..599 or a malformed header; another answer may
    // follow. STATE: answered before, or the route's deadline has passed (and sent 504), or the connection is closed.
    Result<void> respond(ServerResponse response);

  private:
    std::shared_ptr<Exchange> exchange_;
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

struct ServerOptions {
    std::string listen = {};       // "127.0.0.1:8010" or "[::1]:8010"; port 0 for one of the system's choice
    std::string unix_socket = {};  // a path instead; created with mode 0600
    std::uint32_t max_header_bytes = 16 << 10;  // 431 beyond
    std::size_t max_connections = 1024;         // 503 beyond
    std::uint32_t idle_timeout_ms = 60'000;     // between requests; then closed
    std::uint32_t read_timeout_ms = 10'000;     // for a whole head, and for a whole body; then closed
    std::uint32_t write_timeout_ms = 30'000;    // for a whole answer; then closed
    std::uint32_t stop_timeout_ms = 5'000;      // how long `stop` waits for answers that are due
};

class Server {
  public:
    // Listens and serves, at first without any route. INVALID: no address, or a malformed one. CONFLICT: the address is
    // in use, or another process listens on the unix socket (a stale one is replaced). UNAVAILABLE: any other error of
    // the system.
    [[nodiscard]] static Result<std::unique_ptr<Server>> create(ServerOptions options);

    ~Server();  // stops
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Adds a route and returns its id. [any thread] CONFLICT: that method and path are taken. INVALID: a bad method or
    // path.
    [[nodiscard]] Result<std::uint64_t> add_route(Route route);
    // New requests do not reach it; those under way are still answered. [any thread] An unknown id is ignored.
    void remove_route(std::uint64_t id);

    // "127.0.0.1:41233" or the unix socket's path.
    [[nodiscard]] const std::string& address() const;

    // Stops accepting, closes idle connections and waits up to `stop_timeout_ms` for answers that are due.
    // [any thread but the server's] A second call does nothing.
    void stop();

  private:
    class Core;
    explicit Server(std::shared_ptr<Core> core);
    std::shared_ptr<Core> core_;
};

}  // namespace stipend::http
