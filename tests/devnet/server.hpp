// The sockets: listeners that speak HTTP/1.1 (and TLS where wanted), the threads that run them, and timers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "stipend/result.hpp"
#include "tests/devnet/certificate.hpp"
#include "tests/devnet/message.hpp"

namespace stipend::devnet {

struct ServerLimits {
    std::size_t body_bytes = 16 << 20;
    std::uint32_t header_bytes = 1 << 20;  // as Go's default
    std::size_t connections = 20'000;      // of each listener; one more is closed at once
    std::int64_t idle_ms = 120'000;        // of a connection that waits for a request, or that was left unanswered
};

struct Endpoint {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
    bool plain = false;  // of an orchestrator's listener: HTTP instead of TLS
};

// Accepted clients: this machine, or (in a container with a network of its own) everything in it.
enum class Reach : std::uint8_t { this_machine, anybody };
// Reads "127.0.0.1:9935" or "9935"; INVALID if the address lets others come.
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view text, Reach reach = Reach::this_machine);

// Called when a client hung up before its answer came; may be empty.
using Abandon = std::function<void()>;
// Serves one request: answers by Respond, now or later, from any thread. Runs on any of the server's threads.
using Handler = std::function<Abandon(Request, Respond)>;

class Server {
  public:
    using ListenerId = std::size_t;

    Server(ServerLimits limits, unsigned threads);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // [before start] Binds and listens; port 0 takes a free one. With a certificate the listener takes TLS only;
    // plain HTTP gets a 400. The message of a failure names the endpoint.
    [[nodiscard]] Result<ListenerId> listen(const Endpoint& endpoint, Handler handler,
                                            const Certificate* certificate = nullptr);
    [[nodiscard]] std::uint16_t port(ListenerId id) const;

    void start();
    // Closes everything and joins the threads; nothing is called back afterwards. Idempotent.
    void stop();

    // [after start] Closes a listener with all its connections, or opens it again on the same port; done when it
    // returns. Must not be called while holding a lock that a handler or a timer takes.
    [[nodiscard]] Result<void> set_open(ListenerId id, bool open);

    // [any] New connections of a TLS listener get this certificate.
    [[nodiscard]] Result<void> set_certificate(ListenerId id, const Certificate& certificate);

    // [after start, any] Closes a listener and resets its connections, soon; `opening` runs on one of the server's
    // threads when the time is over, and then the listener opens on the same port. Another call starts the time anew.
    void restart(ListenerId id, std::int64_t down_ns, std::function<void()> opening);
    // [after start] Returns when what set_open and restart began is done. Not under a handler's or a timer's lock.
    void settle();

    // [any] Runs `then` on one of the server's threads. Dropped if the server stops first.
    void after(std::int64_t delay_ns, std::function<void()> then);

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace stipend::devnet
