// One client's connection. Internal to the server: it brings in Asio.
#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "tests/devnet/server.hpp"

namespace stipend::devnet {

// How a connection is left: in order, or with a reset.
enum class Leave : std::uint8_t { close, reset };

class Session {
  public:
    virtual ~Session() = default;
    // [any] Ends the connection, whatever it does.
    virtual void abort(Leave leave) = 0;
};

// The connections of one listener: counted, and ended together. Thread-safe.
class SessionSet {
  public:
    // False if there are `limit` of them already.
    bool add(Session* key, std::weak_ptr<Session> session, std::size_t limit);
    void remove(Session* key);
    void abort_all(Leave leave);

  private:
    std::mutex mutex_;
    std::unordered_map<Session*, std::weak_ptr<Session>> sessions_;
};

// What the sessions of one listener share.
class Service {
  public:
    using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

    Handler handler;
    ServerLimits limits;
    SessionSet sessions;

    // [any] NULL: plain HTTP only.
    [[nodiscard]] TlsContext tls() const {
        const std::lock_guard lock(mutex_);
        return tls_;
    }
    void set_tls(TlsContext tls) {
        const std::lock_guard lock(mutex_);
        tls_ = std::move(tls);
    }

  private:
    mutable std::mutex mutex_;
    TlsContext tls_;
};

// Each serves the connection until it ends, beginning with what is in `buffer`; the connection keeps itself alive.
void serve_plain(boost::asio::ip::tcp::socket socket, boost::beast::flat_buffer buffer,
                 std::shared_ptr<Service> service);
void serve_tls(boost::asio::ip::tcp::socket socket, boost::beast::flat_buffer buffer, std::shared_ptr<Service> service);

// The same for a fresh connection, by TLS if the service has it.
void start_session(boost::asio::ip::tcp::socket socket, std::shared_ptr<Service> service);

}  // namespace stipend::devnet
