// The process's one HTTP client: libcurl's multi interface on one thread with one pool of connections.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "host/http/client.hpp"

namespace stipend::http {

// The value of a secret, asked for on the client's thread just before a request goes out. It must be thread-safe and
// not block. Its error ends the exchange; it must not hold a value.
using SecretResolver = std::function<Result<std::string>(std::string_view name)>;

// Why a stranger may not be led to this numeric address; empty where it may. On the client's thread.
using AddressGuard = std::function<std::string_view(const char* address)>;

struct ClientOptions {
    std::size_t max_transfers = 4096;    // accepted and not yet over; `send` answers LIMIT beyond
    std::size_t max_connections = 1024;  // open at once; what exceeds it waits, origins taking turns
    std::size_t max_connections_per_origin = 768;  // of them some 500 may wait for silent orchestrators
    std::uint32_t max_idle_s = 50;  // a kept connection older than that is not used again: servers drop theirs at 60 s
    std::string ca_file = {};       // PEM bundle to trust; empty for the system's
    std::string proxy = {};         // URL; empty for none. The environment is never asked, and strangers' targets go
                                    // direct, since only then the guard sees the real address
    AddressGuard stranger_guard = {};  // empty for `stranger_refusal`; another where orchestrators live on loopback
    SecretResolver secrets = {};       // without one, a request that names a secret ends with CONFIG
};

// Sending again: a kept connection that dies before a byte of the answer came says nothing about whether the request
// was taken. It is sent once more on a fresh connection where that is harmless by its method (GET, HEAD, PUT, DELETE,
// OPTIONS, TRACE) or because it carries an Idempotency-Key header. Any other request ends with UNAVAILABLE.
// Rationale: a payee behind a gateway can provoke a reset; a silent second try would be a free one for it, and a
// payment order might be given twice.
class CurlClient final : public HttpClient {
  public:
    // UNAVAILABLE where the system denies a thread, an epoll or an event descriptor.
    [[nodiscard]] static Result<std::unique_ptr<CurlClient>> create(ClientOptions options = {});

    ~CurlClient() override;  // stops
    CurlClient(const CurlClient&) = delete;
    CurlClient& operator=(const CurlClient&) = delete;

    [[nodiscard]] Result<std::uint64_t> send(HttpRequest request, HttpCallbacks callbacks) override;
    void cancel(std::uint64_t op) override;

    // Ends everything that is pending with CANCELLED, and waits for the last `on_done`. [any thread but the client's]
    // Again: nothing.
    void stop();

  private:
    class Loop;
    explicit CurlClient(std::unique_ptr<Loop> loop);
    std::unique_ptr<Loop> loop_;
};

}  // namespace stipend::http
