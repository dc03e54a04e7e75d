// The devnet with its sockets: what the program runs, and what tests start inside themselves.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/devnet/network.hpp"
#include "tests/devnet/script.hpp"
#include "tests/devnet/server.hpp"

namespace stipend::devnet {

struct Options {
    Settings settings = {};
    Population population = {};  // `addresses` is filled from orchestrator_listen
    ServerLimits limits = {};
    unsigned threads = 1;
    Endpoint gateway = {};
    bool controlled = false;  // whether the live control is served, on:
    Endpoint control = {};
    std::vector<Endpoint> orchestrator_listen = {};  // the first orchestrators, in order
    std::vector<Event> script = {};
};

class Devnet {
  public:
    // Everything listens and the script runs when it returns. The message of a failure names the endpoint.
    [[nodiscard]] static Result<std::unique_ptr<Devnet>> start(Options options);
    // Stops; also done by the destructor.
    ~Devnet();
    Devnet(const Devnet&) = delete;
    Devnet& operator=(const Devnet&) = delete;

    [[nodiscard]] Network& network();
    [[nodiscard]] std::string gateway_url() const;
    // Empty without a control listener.
    [[nodiscard]] std::string control_url() const;
    // [any but a handler] As POST /gateway: sets the fault, and closes or opens the listener.
    void set_gateway(GatewayFault fault);

  private:
    class Impl;
    explicit Devnet(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace stipend::devnet
