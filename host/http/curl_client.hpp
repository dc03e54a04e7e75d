// The process's HTTP client: libcurl's multi interface on one thread with one pool of connections.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "host/http/client.hpp"
#include "host/http/client_options.hpp"

namespace stipend::http {

// Sending again: a kept connection that closes before a byte of the response does not show whether the request was
// processed. It is sent once more on a new connection where that is harmless by its method (GET, HEAD, PUT, DELETE,
// OPTIONS, TRACE) or because it carries an Idempotency-Key header. Any other request ends with UNAVAILABLE.
// Rationale: a payee behind a gateway can provoke a reset; a silent second try would give it a free one, and a payment
// order might be executed twice.
class CurlClient final : public HttpClient {
  public:
    // Raises the process's soft limit of open descriptors to its hard limit (at most 65,536). UNAVAILABLE where the
    // system grants no thread, epoll or event descriptor.
    [[nodiscard]] static Result<std::unique_ptr<CurlClient>> create(ClientOptions options = {});

    ~CurlClient() override;  // stops
    CurlClient(const CurlClient&) = delete;
    CurlClient& operator=(const CurlClient&) = delete;

    [[nodiscard]] Result<std::uint64_t> send(HttpRequest request, HttpCallbacks callbacks) override;
    void cancel(std::uint64_t op) override;

    // Ends all pending exchanges with CANCELLED and returns after the last `on_done`. [any thread but the client's]
    // A second call does nothing.
    void stop();

  private:
    class Loop;
    explicit CurlClient(std::unique_ptr<Loop> loop);
    std::unique_ptr<Loop> loop_;
};

}  // namespace stipend::http
