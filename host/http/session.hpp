// One connection of the server: reads a request, has it answered, and continues with the next. On the server's thread,
// except `Exchange::give`. Includes Asio and Beast: for the server's own files only.
#pragma once

#include <atomic>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "host/http/routes.hpp"
#include "host/http/server_options.hpp"
#include "host/http/stream.hpp"

namespace stipend::http {

class Session;

using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

// What sessions need of their server; it outlives them. On the server's thread.
class SessionHost : public std::enable_shared_from_this<SessionHost> {
  public:
    virtual ~SessionHost() = default;
    [[nodiscard]] virtual const ServerOptions& options() const = 0;
    [[nodiscard]] virtual boost::asio::io_context& io() = 0;
    [[nodiscard]] virtual RouteTable::Match find(std::string_view method, std::string_view path) = 0;
    [[nodiscard]] virtual bool draining() const = 0;
    virtual void on_session_opened(Session* session) = 0;
    virtual void on_session_closed(Session* session) = 0;
};

// One request's answer: given once, by the handler or by the deadline, whichever comes first.
class Exchange : public std::enable_shared_from_this<Exchange> {
  public:
    Exchange(std::shared_ptr<SessionHost> host, std::weak_ptr<Session> session, std::uint32_t deadline_ms)
        : host_(std::move(host)), session_(std::move(session)), deadline_ms_(deadline_ms) {}

    [[nodiscard]] Result<void> give(ServerResponse response);  // [any thread]
    // Accepts no answer from now on. False where one was given already.
    bool close(bool by_deadline);
    [[nodiscard]] bool open() const { return state_.load() == State::open; }
    [[nodiscard]] ServerResponse error(int status, std::string_view message) const {
        return host_->options().error(status, message);
    }

  private:
    enum class State : std::uint8_t { open, answered, overdue, gone };

    std::shared_ptr<SessionHost> host_;  // keeps the executor alive for a late `give`
    std::weak_ptr<Session> session_;
    std::uint32_t deadline_ms_;
    std::atomic<State> state_ = State::open;
};

class Session : public std::enable_shared_from_this<Session> {
  public:
    // `tls`: none for a connection that is not encrypted.
    Session(SessionHost& host, Socket socket, std::shared_ptr<boost::asio::ssl::context> tls);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void start();
    void drain();  // closes now if it is idle, otherwise after the answer
    void close();  // closes now
    void answer(const Exchange* exchange, const ServerResponse& response);

  private:
    using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
    using ErrorCode = boost::system::error_code;

    void shake_hands();
    void wait_for_request();
    void read_head();
    void on_head(ErrorCode error);
    void ask_for_body();
    void read_body();
    void on_body(ErrorCode error);
    void invoke_handler();
    void on_read_error(ErrorCode why);
    void refuse(int status, std::string_view message, std::string_view headers = {});
    void write(const ServerResponse& response);
    void on_written(ErrorCode error);
    void begin_stream();
    void watch_client();
    void send_piece();
    void end();
    void linger();

    SessionHost& host_;
    Stream stream_;
    Timer deadline_;
    boost::beast::flat_buffer buffer_;
    std::optional<Parser> parser_;
    std::shared_ptr<const Route> route_;
    std::shared_ptr<Exchange> exchange_;
    std::string peer_;
    std::string out_;
    std::shared_ptr<BodyStream> body_;  // that is being sent
    bool sending_ = false;              // a piece of it
    std::size_t discarded_ = 0;
    bool idle_ = false;
    bool keep_alive_ = true;
};

}  // namespace stipend::http
