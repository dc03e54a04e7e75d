// The listeners of the orchestrators that serve their own routes, each with its certificate.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/devnet/server.hpp"

namespace stipend::devnet {

class Listeners {
  public:
    // `server` must outlive the object. A certificate is also written to <folder>/<number>/ if `folder` is not empty.
    Listeners(Server& server, std::string folder) : server_(server), folder_(std::move(folder)) {}

    // [before start] Listens for the next orchestrator; returns its address.
    [[nodiscard]] Result<std::string> add(const Endpoint& endpoint, Handler handler);

    // [any] Nothing happens if `number` has no listener. What fails is printed: there is no caller to handle it.
    void renew(std::uint32_t number);
    void restart(std::uint32_t number, std::int64_t down_ns);

  private:
    struct Listener {
        Server::ListenerId id = 0;
        std::string host = {};
        bool plain = false;
    };

    [[nodiscard]] Result<Certificate> certificate(std::uint32_t number, const std::string& host) const;
    [[nodiscard]] Result<void> try_renew(std::uint32_t number);

    Server& server_;
    std::string folder_;
    std::vector<Listener> listeners_;  // by orchestrator
};

}  // namespace stipend::devnet
