#include "tools/jobs/connection.hpp"

#include <sys/socket.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <chrono>
#include <optional>
#include <type_traits>
#include <utility>

#include "stipend/url.hpp"

namespace stipend::jobs {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Secure = asio::ssl::stream<tcp::socket>;

using Clock = std::chrono::steady_clock;

constexpr std::uint32_t max_head = 65'536;  // bytes
// A connection that waited for longer is looked at before it is used again; a server seldom closes one so soon.
constexpr auto looked_at_after = std::chrono::milliseconds(1);

// The strings of `out` keep their memory from answer to answer.
void take_answer(http::response<http::string_body>& response, Answer& out) {
    out.status = static_cast<int>(response.result_int());
    out.served_by = response["X-Orchestrator-Url"];
    out.balance = response["Livepeer-Balance"];
    out.body = std::move(response.body());
}

template <class Stream>
class ConnectionOf : public Connection, public std::enable_shared_from_this<ConnectionOf<Stream>> {
  public:
    ConnectionOf(asio::io_context& io, const Server& server, asio::ssl::context* tls, Done done)
        : io_(io), server_(server), tls_(tls), done_(std::move(done)) {}

    void send(std::string_view request, Clock::time_point at) override {
        request_ = request;
        under_way_ = true;
        if (stream_ && (at - idle_since_ < looked_at_after || still_open())) return write();
        connect();
    }
    void abandon() override {
        under_way_ = false;
        close();
    }
    [[nodiscard]] std::uint64_t opened() const override { return opened_; }

  private:
    using Self = ConnectionOf;
    static constexpr bool secure = std::is_same_v<Stream, Secure>;

    tcp::socket& socket() {
        if constexpr (secure) {
            return stream_->next_layer();
        } else {
            return *stream_;
        }
    }
    // A server may close a connection that is idle, and has nothing to say on it.
    bool still_open() {
        char one = 0;
        const auto got = ::recv(socket().native_handle(), &one, 1, MSG_PEEK | MSG_DONTWAIT);
        return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }
    void close() {
        boost::system::error_code ignored;
        if (stream_) socket().close(ignored);
    }
    void end(Outcome outcome, std::string why) {
        if (!std::exchange(under_way_, false)) return;
        ended_.outcome = outcome;
        ended_.why = std::move(why);
        if (outcome != Outcome::succeeded) {
            ended_.answer = {};
            close();
            stream_.reset();
        }
        ended_.at = idle_since_ = Clock::now();
        done_(ended_);
    }
    // A handler that does nothing once the connection was abandoned.
    template <class Then>
    auto when(Outcome outcome, Then then) {
        return
            [self = this->shared_from_this(), outcome, then](const boost::system::error_code& error, const auto&...) {
                if (!self->under_way_) return;
                if (error) return self->end(outcome, error.message());
                then(*self);
            };
    }

    void connect() {
        close();
        if constexpr (secure) {
            stream_.emplace(io_, *tls_);
        } else {
            stream_.emplace(io_);
        }
        buffer_.clear();
        ++opened_;
        asio::async_connect(socket(), server_.endpoints, when(Outcome::connect, [](Self& self) { self.connected(); }));
    }
    void connected() {
        boost::system::error_code ignored;
        socket().set_option(tcp::no_delay(true), ignored);
        if constexpr (secure) {
            if (!server_.name.empty()) {
                SSL_set_tlsext_host_name(stream_->native_handle(), server_.name.c_str());
                stream_->set_verify_callback(asio::ssl::host_name_verification(server_.name), ignored);
            }
            stream_->async_handshake(asio::ssl::stream_base::client,
                                     when(Outcome::tls, [](Self& self) { self.write(); }));
        } else {
            write();
        }
    }
    void write() {
        asio::async_write(*stream_, asio::buffer(request_), when(Outcome::broken, [](Self& self) { self.read(); }));
    }
    void read() {
        parser_.emplace();
        parser_->header_limit(max_head);
        parser_->body_limit(server_.max_body);
        http::async_read(*stream_, buffer_, *parser_, when(Outcome::broken, [](Self& self) { self.answered(); }));
    }
    void answered() {
        const bool keep = parser_->keep_alive();
        take_answer(parser_->get(), ended_.answer);
        parser_.reset();
        if (!keep) {
            close();
            stream_.reset();
        }
        end(Outcome::succeeded, {});
    }

    asio::io_context& io_;
    const Server& server_;
    asio::ssl::context* tls_;
    std::optional<Stream> stream_;
    beast::flat_buffer buffer_;
    std::optional<http::response_parser<http::string_body>> parser_;
    std::string request_;
    Done done_;
    bool under_way_ = false;
    Ended ended_;
    Clock::time_point idle_since_;
    std::uint64_t opened_ = 0;
};

}  // namespace

Result<Server> look_up(asio::io_context& io, std::string_view url) {
    const auto parts = split_url(url);
    if (!parts || parts->host.empty()) return fail(STIPEND_E_INVALID, "not a URL: ", clip(url, 120));
    Server out;
    out.host = std::string(parts->authority);
    std::string name(parts->host);
    if (name.starts_with('[')) name = name.substr(1, name.size() - 2);
    const bool secure = parts->scheme == "https";
    if (secure) out.name = name;
    const std::string port(parts->port.empty() ? (secure ? "443" : "80") : parts->port);
    tcp::resolver resolver(io);
    boost::system::error_code error;
    for (const auto& found : resolver.resolve(name, port, error)) out.endpoints.push_back(found.endpoint());
    if (error || out.endpoints.empty()) {
        return fail(STIPEND_E_UNAVAILABLE, "no address of ", name, ": ", error.message());
    }
    return out;
}

std::shared_ptr<Connection> make_connection(asio::io_context& io, const Server& server, asio::ssl::context* tls,
                                            Connection::Done done) {
    if (tls != nullptr) return std::make_shared<ConnectionOf<Secure>>(io, server, tls, std::move(done));
    return std::make_shared<ConnectionOf<tcp::socket>>(io, server, nullptr, std::move(done));
}

}  // namespace stipend::jobs
