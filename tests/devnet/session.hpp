// One client's connection. Internal to the server: it brings in Asio.
#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "tests/devnet/server.hpp"

namespace stipend::devnet {

class Session {
  public:
    virtual ~Session() = default;
    // [any] Ends the connection, whatever it does.
    virtual void abort() = 0;
};

// The connections of one listener: counted, and ended together. Thread-safe.
class SessionSet {
  public:
    // False if there are `limit` of them already.
    bool add(Session* key, std::weak_ptr<Session> session, std::size_t limit);
    void remove(Session* key);
    void abort_all();

  private:
    std::mutex mutex_;
    std::unordered_map<Session*, std::weak_ptr<Session>> sessions_;
};

// What the sessions of one listener share.
struct Service {
    Handler handler;
    ServerLimits limits;
    std::unique_ptr<boost::asio::ssl::context> tls = {};  // NULL: plain HTTP only
    SessionSet sessions = {};
};

// Serves the connection until it ends; it keeps itself alive.
void start_session(boost::asio::ip::tcp::socket socket, std::shared_ptr<Service> service);

}  // namespace stipend::devnet
