// The devnet with its sockets: what the program runs, and what tests start inside themselves.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/devnet/network.hpp"
#include "tests/devnet/scenario.hpp"
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
    bool cli_served = false;  // whether the gateway's command line listener is served, on:
    Endpoint cli = {};
    bool signer_served = false;  // whether a remote signer is served, on:
    Endpoint signer = {};
    std::vector<Endpoint> orchestrator_listen = {};  // the first orchestrators, in order
    std::string certificate_folder = {};             // each certificate is written to <folder>/<number>/cert.pem
    std::vector<Event> timeline = {};
};

class Devnet {
  public:
    // Everything listens and the timeline runs when it returns. The message of a failure names the endpoint.
    [[nodiscard]] static Result<std::unique_ptr<Devnet>> start(Options options);
    // Stops; also done by the destructor.
    ~Devnet();
    Devnet(const Devnet&) = delete;
    Devnet& operator=(const Devnet&) = delete;

    [[nodiscard]] Network& network();
    [[nodiscard]] std::string gateway_url() const;
    // Empty without a control listener.
    [[nodiscard]] std::string control_url() const;
    // Empty without a command line listener.
    [[nodiscard]] std::string cli_url() const;
    // Empty without a remote signer.
    [[nodiscard]] std::string signer_url() const;
    // [any but a handler] As POST /signer: sets the fault, and closes or opens the signer's listener.
    void set_signer(const SignerFault& fault);
    // [any but a handler] As POST /gateway: sets the fault, and closes or opens the gateway's listeners.
    void set_gateway(const GatewayFault& fault);
    // [any but a handler] As POST /fault.
    [[nodiscard]] Result<void> set_fault(Selection selection, const FaultChange& change);

  private:
    class Impl;
    explicit Devnet(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace stipend::devnet
