// The bytes of one connection, encrypted or as they are. Includes Asio and Beast: for the server's own files only.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <memory>
#include <optional>
#include <utility>

namespace stipend::http {

// One protocol for TCP and unix sockets alike, so that nothing is compiled twice.
using Executor = boost::asio::io_context::executor_type;
using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol, Executor>;
using Socket = Acceptor::protocol_type::socket::rebind_executor<Executor>::other;
using PlainStream = boost::beast::basic_stream<boost::asio::generic::stream_protocol, Executor>;

// An AsyncReadStream and AsyncWriteStream of one type, so that what reads and writes HTTP is compiled once for both.
class Stream {
  public:
    using executor_type = Executor;

    // `tls`: none for a connection that is not encrypted.
    Stream(Socket socket, std::shared_ptr<boost::asio::ssl::context> tls)
        : plain_(std::move(socket)), context_(std::move(tls)) {
        if (context_) tls_.emplace(plain_, *context_);
    }

    [[nodiscard]] executor_type get_executor() { return plain_.get_executor(); }
    // With the socket and the deadlines of what is under way.
    [[nodiscard]] PlainStream& plain() { return plain_; }
    [[nodiscard]] bool encrypted() const { return tls_.has_value(); }

    template <class Handler>
    void async_handshake(Handler&& handler) {
        tls_->async_handshake(boost::asio::ssl::stream_base::server, std::forward<Handler>(handler));
    }
    // Says the end, and waits for that of the peer.
    template <class Handler>
    void async_shutdown(Handler&& handler) {
        tls_->async_shutdown(std::forward<Handler>(handler));
    }
    template <class Buffers, class Handler>
    void async_read_some(const Buffers& buffers, Handler&& handler) {
        if (tls_) return tls_->async_read_some(buffers, std::forward<Handler>(handler));
        plain_.async_read_some(buffers, std::forward<Handler>(handler));
    }
    template <class Buffers, class Handler>
    void async_write_some(const Buffers& buffers, Handler&& handler) {
        if (tls_) return tls_->async_write_some(buffers, std::forward<Handler>(handler));
        plain_.async_write_some(buffers, std::forward<Handler>(handler));
    }

  private:
    PlainStream plain_;
    std::shared_ptr<boost::asio::ssl::context> context_;  // outlives the stream that refers to it
    std::optional<boost::asio::ssl::stream<PlainStream&>> tls_;
};

}  // namespace stipend::http
