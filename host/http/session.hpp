// One connection of the server: reads a request, has it answered, and goes on to the next. On the server's thread, but
// for `Exchange::give`.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <optional>
#include <string>

#include "host/http/server_core.hpp"

namespace stipend::http {

// One request's answer: given once, by the handler or by the deadline, whoever comes first.
class Exchange : public std::enable_shared_from_this<Exchange> {
  public:
    Exchange(std::shared_ptr<Server::Core> core, std::weak_ptr<Session> session, std::uint32_t deadline_ms)
        : core_(std::move(core)), session_(std::move(session)), deadline_ms_(deadline_ms) {}

    [[nodiscard]] Result<void> give(ServerResponse response);  // [any thread]
    // Nobody's answer is wanted any more. False where one was given already.
    bool close(bool by_deadline);
    [[nodiscard]] bool open() const { return state_.load() == State::open; }

  private:
    enum class State : std::uint8_t { open, answered, overdue, gone };

    std::shared_ptr<Server::Core> core_;  // keeps the executor alive for a late `give`
    std::weak_ptr<Session> session_;
    std::uint32_t deadline_ms_;
    std::atomic<State> state_ = State::open;
};

class Session : public std::enable_shared_from_this<Session> {
  public:
    Session(Server::Core& core, Socket socket);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void start();
    void drain();  // closes now if it is idle, else after the answer
    void cut();    // closes now
    void answer(const Exchange* exchange, const ServerResponse& response);

  private:
    using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
    using ErrorCode = boost::system::error_code;

    void wait_for_request();
    void read_head();
    void took_head(ErrorCode error);
    void ask_for_body();
    void read_body();
    void took_body(ErrorCode error);
    void hand_over();
    void refuse_broken(ErrorCode why);
    void refuse(int status, std::string_view message, std::string_view headers = {});
    void write(const ServerResponse& response);
    void wrote(ErrorCode error);
    void linger();

    Server::Core& core_;
    boost::beast::basic_stream<boost::asio::generic::stream_protocol, Executor> stream_;
    Timer deadline_;
    boost::beast::flat_buffer buffer_;
    std::optional<Parser> parser_;
    std::shared_ptr<const Route> route_;
    std::shared_ptr<Exchange> exchange_;
    std::string peer_;
    std::string out_;
    std::size_t discarded_ = 0;
    bool idle_ = false;
    bool keep_alive_ = true;
};

}  // namespace stipend::http
