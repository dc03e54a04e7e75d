// The payer's own side of the gateway: the credential that it shows to orchestrators, and what it has deposited. Both
// come from the gateway's CLI port, which no payee can reach or forge, or, for the credential, from a remote signer.
//
// The CLI port signs any bytes with the key that holds the gateway's funds. So it must be on this machine, the only
// bytes that are sent to be signed are the Keccak-256 of the address that it stated itself, and its signature is
// recovered and compared before it is used.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "livepeer/credential.hpp"
#include "stipend/host.hpp"
#include "stipend/money.hpp"

namespace byoc {

// Where a CLI port listens: a loopback URL, or a unix socket.
struct CliEndpoint {
    std::string url;          // without a trailing slash; http://localhost for a socket
    std::string unix_socket;  // empty for a URL

    // INVALID: neither http:// and a loopback address nor unix:/path.
    static stipend::Result<CliEndpoint> parse(std::string_view text);
};

// The gateway's funds on the chain, in wei.
struct Funds {
    stipend::Wei deposit;
    stipend::Wei reserve;

    // Whether a job that may cost `most` cannot be paid: the deposit or the reserve is below that.
    [[nodiscard]] bool too_low(const stipend::Wei& most) const { return deposit < most || reserve < most; }
    [[nodiscard]] std::string text() const;
};

// Reads `GET /senderInfo`. INVALID: no JSON object with both amounts. Pure.
stipend::Result<Funds> read_funds(std::string_view body);

// Asks a CLI port for funds. All of it is [pool].
class FundsReader {
  public:
    static constexpr std::uint32_t timeout_ms = 3'000;
    using Done = stipend::UniqueFunction<void(const stipend::Result<Funds>&)>;

    FundsReader(stipend::Host host, CliEndpoint endpoint) : host_(host), endpoint_(std::move(endpoint)) {}

    // `done` comes once; from inside this call if the host takes no request. Calls while one is under way share it.
    void ask(Done done);

  private:
    void over(const stipend::Result<Funds>& funds);

    const stipend::Host host_;
    const CliEndpoint endpoint_;
    std::vector<Done> waiting_;
};

// The credential's header, at once if it is configured, else fetched once and kept. All of it is [pool].
class CredentialSource {
  public:
    static constexpr std::uint32_t timeout_ms = 3'000;
    using Done = stipend::UniqueFunction<void(const stipend::Result<std::string>&)>;

    struct From {
        std::string header;         // of a configured credential, or of a throwaway key
        bool own = false;           // `header` is the gateway's
        CliEndpoint cli;            // asked if there is no own header and it is set
        std::string remote_signer;  // a URL, asked if neither is set
    };
    CredentialSource(stipend::Host host, From from) : host_(host), from_(std::move(from)) {}

    // Whether the header is, or will be, the gateway's own.
    [[nodiscard]] bool own() const { return from_.own || fetches(); }
    // The header if it needs no fetching, else empty.
    [[nodiscard]] std::string_view at_once() const { return fetches() ? std::string_view() : from_.header; }
    // `done` comes once; from inside this call only if nothing is to be fetched or the host takes no request. An error
    // is the payer's own trouble. It is tried again at the next call.
    void ask(Done done);

  private:
    [[nodiscard]] bool fetches() const {
        return !from_.own && (!from_.cli.url.empty() || !from_.remote_signer.empty());
    }
    void ask_cli();
    void ask_signature(const std::string& address);
    void ask_signer();
    void over(stipend::Result<livepeer::Credential> credential);

    const stipend::Host host_;
    From from_;
    std::vector<Done> waiting_;
};

}  // namespace byoc
