#include "host/http/session.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>

#include "host/base/time.hpp"
#include "host/http/listener.hpp"
#include "stipend/ascii.hpp"

namespace stipend::http {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;

constexpr std::size_t read_bytes = 8'192;
constexpr std::size_t max_buffered_bytes = 65'536;  // limits what a client may send ahead of its answers
constexpr std::size_t max_discarded_bytes = 1'048'576;
constexpr auto linger_time = std::chrono::seconds(2);

auto ms(std::uint32_t count) {
    return std::chrono::milliseconds(count);
}

// Beast reads a body in chunks or of a stated length. It ignores any other transfer coding, and would take the body for
// the next request: RFC 9112, 6.3, wants such a request rejected, and none of HTTP/1.0 with a coding.
template <class Head>
bool has_known_framing(const Head& head) {
    const auto [first, last] = head.equal_range(beast::http::field::transfer_encoding);
    if (first == last) return true;
    const auto value = first->value();
    return std::next(first) == last && head.version() >= 11 &&
           ascii::equal_ignoring_case({value.data(), value.size()}, "chunked");
}

}  // namespace

Result<void> Exchange::give(ServerResponse response) {
    STIPEND_TRY(check_response(response));
    auto expected = State::open;
    if (!state_.compare_exchange_strong(expected, State::answered)) {
        switch (expected) {
            case State::overdue:
                return fail(STIPEND_E_STATE, "answer too late: the deadline of ", deadline_ms_, " ms has passed");
            case State::gone:
                return fail(STIPEND_E_STATE, "answer not sent: the connection is gone");
            default:
                return fail(STIPEND_E_STATE, "answered already: want one answer for each request");
        }
    }
    net::dispatch(host_->io(), [self = shared_from_this(), response = std::move(response)] {
        if (const auto session = self->session_.lock()) session->answer(self.get(), response);
    });
    return {};
}

bool Exchange::close(bool by_deadline) {
    auto expected = State::open;
    return state_.compare_exchange_strong(expected, by_deadline ? State::overdue : State::gone);
}

Session::Session(SessionHost& host, Socket socket, std::shared_ptr<net::ssl::context> tls)
    : host_(host), stream_(std::move(socket), std::move(tls)), deadline_(host.io()), buffer_(max_buffered_bytes) {
    const int fd = stream_.plain().socket().native_handle();
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // refused by unix sockets, which do not need it
    peer_ = peer_of(fd);
    host_.on_session_opened(this);
}

Session::~Session() {
    if (exchange_) exchange_->close(false);
    if (body_) body_->end();
    host_.on_session_closed(this);
}

void Session::start() {
    if (stream_.encrypted()) return shake_hands();
    wait_for_request();
}

void Session::shake_hands() {
    idle_ = true;
    stream_.plain().expires_after(ms(host_.options().read_timeout_ms));
    stream_.async_handshake([self = shared_from_this()](ErrorCode error) {
        self->idle_ = false;
        if (!error) self->wait_for_request();
    });
}

void Session::drain() {
    if (idle_ || body_) close();
}

void Session::close() {
    if (exchange_) exchange_->close(false);
    if (body_) body_->end();
    deadline_.cancel();
    stream_.plain().close();
}

void Session::wait_for_request() {
    if (host_.draining()) return;
    parser_.reset();
    route_.reset();
    exchange_.reset();
    keep_alive_ = true;
    if (buffer_.size() > 0) return read_head();
    idle_ = true;
    stream_.plain().expires_after(ms(host_.options().idle_timeout_ms));
    stream_.async_read_some(buffer_.prepare(read_bytes), [self = shared_from_this()](ErrorCode error, std::size_t got) {
        self->idle_ = false;
        if (error) return;  // closed by the client, or idle for too long: the session ends
        self->buffer_.commit(got);
        self->read_head();
    });
}

void Session::read_head() {
    auto& parser = parser_.emplace();
    parser.header_limit(host_.options().max_header_bytes);
    parser.body_limit(boost::none);  // set once the route is known
    stream_.plain().expires_after(
        ms(host_.options().read_timeout_ms));  // for all of it: a slow trickle does not extend it
    beast::http::async_read_header(stream_, buffer_, parser,
                                   [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_head(error); });
}

void Session::on_head(ErrorCode error) {
    if (error) return on_read_error(error);
    const auto& head = parser_->get();
    const bool known_framing = has_known_framing(head);
    keep_alive_ = head.keep_alive() && known_framing && !host_.draining();
    if (!known_framing) return refuse(400, "malformed request: Transfer-Encoding: want chunked, or none");
    const std::string_view target(head.target().data(), head.target().size());
    if (!target.starts_with('/')) return refuse(400, "bad request target: want a path that begins with a slash");
    const auto path = target.substr(0, target.find('?'));
    auto match = host_.find({head.method_string().data(), head.method_string().size()}, path);
    if (!match.route && match.allow.empty()) return refuse(404, "no such path");
    if (!match.route) return refuse(405, "method not allowed here", cat("allow: ", match.allow, "\r\n"));
    route_ = std::move(match.route);
    const auto length = parser_->content_length();
    if (length && *length > route_->max_body_bytes) {
        return refuse(413, cat("body too large: want at most ", route_->max_body_bytes, " bytes"));
    }
    parser_->body_limit(route_->max_body_bytes);
    if (parser_->is_done()) return invoke_handler();
    const auto expect = head[beast::http::field::expect];
    if (ascii::equal_ignoring_case({expect.data(), expect.size()}, "100-continue")) return ask_for_body();
    read_body();
}

void Session::ask_for_body() {
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    stream_.plain().expires_after(ms(host_.options().write_timeout_ms));
    net::async_write(stream_, net::buffer(go_on), [self = shared_from_this()](ErrorCode error, std::size_t) {
        if (!error) self->read_body();
    });
}

void Session::read_body() {
    stream_.plain().expires_after(ms(host_.options().read_timeout_ms));
    beast::http::async_read(stream_, buffer_, *parser_,
                            [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_body(error); });
}

void Session::on_body(ErrorCode error) {
    if (error) return on_read_error(error);
    invoke_handler();
}

void Session::invoke_handler() {
    auto& message = parser_->get();
    ServerRequest request;
    request.method.assign(message.method_string().data(), message.method_string().size());
    const std::string_view target(message.target().data(), message.target().size());
    const auto mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
    for (const auto& field : message) {
        request.headers.append(ascii::to_lower({field.name_string().data(), field.name_string().size()}));
        request.headers.append(": ").append(field.value().data(), field.value().size()).append("\r\n");
    }
    request.peer = peer_;
    request.body = std::move(message.body());

    stream_.plain().expires_never();
    exchange_ = std::make_shared<Exchange>(host_.shared_from_this(), weak_from_this(), route_->deadline_ms);
    deadline_.expires_after(ms(route_->deadline_ms));
    // The timer owns the session until an answer is given, which cancels it.
    deadline_.async_wait([self = shared_from_this(), exchange = exchange_](ErrorCode error) {
        if (!error && exchange->close(true)) self->answer(exchange.get(), exchange->error(504, "no answer in time"));
    });
    try {
        route_->handler(std::move(request), Responder(exchange_));
    } catch (const std::exception&) {
        if (exchange_ && exchange_->close(false)) refuse(500, "internal error");
    }
}

void Session::answer(const Exchange* exchange, const ServerResponse& response) {
    if (exchange != exchange_.get()) return;
    deadline_.cancel();
    keep_alive_ = keep_alive_ && !host_.draining();
    write(response);
}

void Session::on_read_error(ErrorCode why) {
    using beast::http::error;
    keep_alive_ = false;
    if (why == beast::error::timeout) return;  // the stream is closed already: a client that is too slow gets no answer
    if (why == error::header_limit || why == error::buffer_overflow) {
        return refuse(431, cat("request head too large: want at most ", host_.options().max_header_bytes, " bytes"));
    }
    if (why == error::body_limit) {
        return refuse(413, cat("body too large: want at most ", route_ ? route_->max_body_bytes : 0, " bytes"));
    }
    if (why == error::end_of_stream || why == error::partial_message) return;
    if (why.category() == beast::http::make_error_code(error::bad_method).category()) {
        return refuse(400, cat("malformed request: ", why.message()));
    }
}

void Session::refuse(int status, std::string_view message, std::string_view headers) {
    auto response = host_.options().error(status, message);
    response.headers += headers;
    // An unread body precedes the next request.
    if (!parser_ || !parser_->is_done()) keep_alive_ = false;
    write(response);
}

void Session::write(const ServerResponse& response) {
    const bool to_head = parser_ && parser_->get().method() == beast::http::verb::head;
    if (response.stream) keep_alive_ = false;  // its end is that of the connection
    out_ = response_text(response, to_head, keep_alive_, SystemClock().now());
    if (!to_head) body_ = response.stream;
    stream_.plain().expires_after(ms(host_.options().write_timeout_ms));
    net::async_write(stream_, net::buffer(out_),
                     [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_written(error); });
}

void Session::on_written(ErrorCode error) {
    if (error) return;
    if (body_) return begin_stream();
    if (keep_alive_ && !host_.draining()) return wait_for_request();
    stream_.plain().expires_after(linger_time);
    if (!stream_.encrypted()) return end();
    stream_.async_shutdown([self = shared_from_this()](ErrorCode) { self->end(); });
}

// Closing with unread bytes would reset the connection, and the client might never receive the answer.
void Session::end() {
    ErrorCode ignored;
    stream_.plain().socket().shutdown(net::socket_base::shutdown_send, ignored);
    buffer_.clear();
    linger();
}

void Session::begin_stream() {
    if (host_.draining()) return close();
    watch_client();
    // Owned by the read above: a session whose client is gone is not kept.
    body_->begin([weak = weak_from_this(), host = host_.shared_from_this()] {
        net::post(host->io(), [weak] {
            if (const auto self = weak.lock()) self->send_piece();
        });
    });
    send_piece();
}

// A client that says more is not listened to; that it closes the connection is seen.
void Session::watch_client() {
    stream_.plain().expires_never();
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(read_bytes), [self = shared_from_this()](ErrorCode error, std::size_t got) {
        self->discarded_ += got;
        if (error || self->discarded_ > max_discarded_bytes) return self->close();
        self->watch_client();
    });
}

void Session::send_piece() {
    if (sending_ || !stream_.plain().socket().is_open()) return;
    auto piece = body_->next();
    if (piece.text.empty()) {
        if (piece.over) close();
        return;
    }
    sending_ = true;
    out_ = std::move(piece.text);
    stream_.plain().expires_after(ms(host_.options().write_timeout_ms));
    net::async_write(stream_, net::buffer(out_),
                     [self = shared_from_this(), over = piece.over](ErrorCode error, std::size_t) {
                         self->sending_ = false;
                         if (error || over) return self->close();
                         self->send_piece();
                     });
}

void Session::linger() {
    stream_.plain().async_read_some(buffer_.prepare(read_bytes),
                                    [self = shared_from_this()](ErrorCode error, std::size_t got) {
                                        self->discarded_ += got;
                                        if (!error && self->discarded_ < max_discarded_bytes) self->linger();
                                    });
}

}  // namespace stipend::http
