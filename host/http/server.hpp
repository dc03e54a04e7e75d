// The host's HTTP server: one listener, and routes that are added and removed while it runs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "host/http/handler.hpp"
#include "host/http/server_options.hpp"
#include "host/http/server_thread.hpp"
#include "stipend/result.hpp"

namespace stipend::http {

class Server {
  public:
    // Listens and serves, at first without any route. INVALID: no address, or a malformed one. CONFLICT: the address is
    // in use, or another process listens on the unix socket (a stale one is replaced). UNAVAILABLE: any other error of
    // the system. Runs on `shared`, which outlives it, or on a thread of its own.
    [[nodiscard]] static Result<std::unique_ptr<Server>> create(ServerOptions options, ServerThread* shared = nullptr);

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
    Server(std::unique_ptr<ServerThread> own_thread, std::shared_ptr<Core> core);
    const std::unique_ptr<ServerThread> own_thread_;  // empty where it shares one
    const std::shared_ptr<Core> core_;
};

}  // namespace stipend::http
