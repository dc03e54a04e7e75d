// The inside of the server: what its sessions share. Includes Asio; only server.cpp and session.cpp include it.
#pragma once

#include <atomic>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_set>

#include "host/http/listener.hpp"
#include "host/http/routes.hpp"
#include "host/http/server.hpp"

namespace stipend::http {

class Session;

// One protocol for TCP and unix sockets alike, so that nothing is compiled twice.
using Executor = boost::asio::io_context::executor_type;
using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol, Executor>;
using Socket = Acceptor::protocol_type::socket::rebind_executor<Executor>::other;
using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

class Server::Core : public std::enable_shared_from_this<Server::Core> {
  public:
    Core(ServerOptions options, Listener listener);

    [[nodiscard]] Result<void> start();
    void stop();
    [[nodiscard]] Result<std::uint64_t> add_route(Route route);
    void remove_route(std::uint64_t id);
    [[nodiscard]] const std::string& address() const { return listener_.address(); }

    // For sessions, on the server's thread.
    [[nodiscard]] const ServerOptions& options() const { return options_; }
    [[nodiscard]] boost::asio::io_context& io() { return io_; }
    [[nodiscard]] RouteTable::Match find(std::string_view method, std::string_view path);
    [[nodiscard]] bool draining() const { return draining_; }
    void joined(Session* session) { sessions_.insert(session); }
    void left(Session* session);

  private:
    void accept_next();
    void take(Socket socket);
    void drain();

    const ServerOptions options_;
    Listener listener_;
    boost::asio::io_context io_{1};
    Acceptor acceptor_{io_};
    Timer accept_pause_{io_};
    Timer drain_limit_{io_};
    std::unordered_set<Session*> sessions_;
    bool draining_ = false;

    std::mutex routes_mutex_;
    std::shared_ptr<const RouteTable> routes_ = std::make_shared<const RouteTable>();
    std::uint64_t last_route_ = 0;

    std::mutex stop_mutex_;
    std::thread thread_;
};

}  // namespace stipend::http
