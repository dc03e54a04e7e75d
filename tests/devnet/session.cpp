#include "tests/devnet/session.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <ctime>
#include <optional>
#include <vector>

#include "tests/devnet/live_runners.hpp"
#include "tests/devnet/remote_signer.hpp"

namespace stipend::devnet {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using net::ip::tcp;
using Clock = std::chrono::steady_clock;
using TlsStream = net::ssl::stream<tcp::socket>;

constexpr auto drip_pause = std::chrono::milliseconds(100);
constexpr std::size_t flood_write_bytes = 64 << 10;

// The HTTP date of now, made once a second on each thread.
const std::string& http_date() {
    thread_local std::string text;
    thread_local std::time_t made = 0;
    const auto now = std::time(nullptr);
    if (now != made) {
        std::tm utc{};
        gmtime_r(&now, &utc);
        std::array<char, 40> out{};
        text.assign(out.data(), std::strftime(out.data(), out.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc));
        made = now;
    }
    return text;
}

void append_chunk(std::string& out, std::string_view data) {
    if (data.empty()) return;
    static constexpr std::string_view hex = "0123456789abcdef";
    std::string size;
    for (auto left = data.size(); left != 0; left >>= 4) size.insert(size.begin(), hex[left & 15]);
    out.append(size).append("\r\n").append(data).append("\r\n");
}

// A refusal before any handler, as Go's server words it.
Reply go_refusal(int status) {
    return typed_reply(status, "text/plain; charset=utf-8",
                       std::to_string(status) + " " + std::string(reason_phrase(status)));
}

// What a proxy passes on: no field of the connection, and none that it writes itself.
std::vector<std::pair<std::string, std::string>> end_to_end(const http::request<http::string_body>& message) {
    static constexpr std::array own{"connection", "host",    "content-length", "transfer-encoding", "expect",
                                    "te",         "upgrade", "keep-alive",     "trailer",           "proxy-connection"};
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& field : message) {
        const auto name = field.name_string();
        if (std::any_of(own.begin(), own.end(), [&](const char* one) { return beast::iequals(name, one); })) continue;
        out.emplace_back(std::string(name), std::string(field.value()));
    }
    return out;
}

Request request_of(http::request<http::string_body>&& message) {
    Request out;
    out.method = std::string(message.method_string());
    const auto target = message.target();
    const auto mark = target.find('?');
    out.path = std::string(target.substr(0, mark));
    if (mark != beast::string_view::npos) out.query = std::string(target.substr(mark + 1));
    const auto header = [&](beast::string_view name) { return std::string(message[name]); };
    out.livepeer = header("Livepeer");
    out.eth_address = header("Livepeer-Eth-Address");
    out.capability = header("Livepeer-Capability");
    out.payment = header("Livepeer-Payment");
    out.authorization = header("Authorization");
    out.content_type = header("Content-Type");
    if (LiveRunners::owns(out.path) || RemoteSigner::owns(out.path)) {
        out.payer = header("Livepeer-Payer-Address");
        out.segment = header("Livepeer-Segment");
        out.headers = end_to_end(message);
    }
    out.body = std::move(message.body());
    return out;
}

template <class Stream>
class HttpSession final : public Session, public std::enable_shared_from_this<HttpSession<Stream>> {
  public:
    HttpSession(Stream stream, beast::flat_buffer buffer, std::shared_ptr<Service> service)
        : stream_(std::move(stream)),
          buffer_(std::move(buffer)),
          service_(std::move(service)),
          idle_(stream_.get_executor()),
          hold_(stream_.get_executor()) {}
    ~HttpSession() override { service_->sessions.remove(this); }

    void run() {
        auto self = this->shared_from_this();
        if (!service_->sessions.add(this, self, service_->limits.connections)) return;
        touch();
        watch_idle();
        if constexpr (std::is_same_v<Stream, TlsStream>) {
            stream_.async_handshake(net::ssl::stream_base::server, buffer_.data(),
                                    [self](error_code failed, std::size_t used) {
                                        if (failed) return self->close();
                                        self->buffer_.consume(used);
                                        self->read();
                                    });
        } else {
            read();
        }
    }

    void abort(Leave leave) override {
        net::post(stream_.get_executor(), [self = this->shared_from_this(), leave] {
            error_code ignored;
            if (leave == Leave::reset) self->socket().set_option(net::socket_base::linger(true, 0), ignored);
            self->close(leave);
        });
    }

  private:
    using Self = std::shared_ptr<HttpSession>;

    tcp::socket& socket() {
        if constexpr (std::is_same_v<Stream, TlsStream>) {
            return stream_.next_layer();
        } else {
            return stream_;
        }
    }
    void touch() { touched_ = Clock::now(); }

    void close(Leave leave = Leave::close) {
        if (closed_) return;
        closed_ = true;
        error_code ignored;
        idle_.cancel();
        hold_.cancel();
        // A shutdown would end the connection in order before it is reset.
        if (leave == Leave::close) socket().shutdown(tcp::socket::shutdown_both, ignored);
        socket().close(ignored);
        give_up();
    }

    void give_up() {
        if (auto abandon = std::exchange(abandon_, nullptr); abandon && !answered_) abandon();
    }

    // One slow timer a connection; a job under way is never idle.
    void watch_idle() {
        const auto limit = std::chrono::milliseconds(service_->limits.idle_ms);
        idle_.expires_after(limit);
        idle_.async_wait([self = this->shared_from_this(), limit](error_code cancelled) {
            if (cancelled || self->closed_) return;
            if (!self->working_ && Clock::now() - self->touched_ >= limit) return self->close();
            self->watch_idle();
        });
    }

    void read() {
        parser_.emplace();
        parser_->header_limit(service_->limits.header_bytes);
        parser_->body_limit(service_->limits.body_bytes);
        parser_->eager(true);
        continued_ = false;
        read_some();
    }

    void read_some() {
        http::async_read_some(stream_, buffer_, *parser_,
                              [self = this->shared_from_this()](error_code failed, std::size_t) {
                                  self->touch();
                                  if (failed) return self->read_failed(failed);
                                  if (self->parser_->is_done()) return self->handle();
                                  if (self->parser_->is_header_done() && !std::exchange(self->continued_, true) &&
                                      beast::iequals(self->parser_->get()[http::field::expect], "100-continue")) {
                                      return self->write_continue();
                                  }
                                  self->read_some();
                              });
    }

    void write_continue() {
        static constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
        net::async_write(stream_, net::buffer(text), [self = this->shared_from_this()](error_code failed, std::size_t) {
            if (failed) return self->close();
            self->read_some();
        });
    }

    void read_failed(error_code failed) {
        if (closed_) return;
        keep_alive_ = false;
        head_only_ = false;
        if (failed == http::error::header_limit) return reply(go_refusal(431));
        if (failed == http::error::body_limit) return reply(go_refusal(413));
        const bool ended = failed == http::error::end_of_stream || failed == http::error::partial_message;
        if (ended || failed.category() != make_error_code(http::error::bad_value).category()) {
            return close();
        }
        reply(go_refusal(400));
    }

    void handle() {
        auto message = parser_->release();
        keep_alive_ = message.keep_alive();
        head_only_ = message.method() == http::verb::head;
        answered_ = false;
        working_ = true;
        auto self = this->shared_from_this();
        abandon_ = service_->handler(request_of(std::move(message)), [self](Reply reply) {
            self->answered_ = true;
            net::post(self->stream_.get_executor(), [self, reply = std::move(reply)]() mutable {
                self->abandon_ = nullptr;
                self->working_ = false;
                self->reply(std::move(reply));
            });
        });
        if (!answered_) watch_hang_up();
    }

    // A readable socket with nothing to read is one whose client left.
    void watch_hang_up() {
        socket().async_wait(tcp::socket::wait_read, [self = this->shared_from_this()](error_code failed) {
            if (self->closed_ || failed) return;
            char byte = 0;
            if (::recv(self->socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) self->close();
        });
    }

    void reply(Reply reply) {
        if (closed_) return;
        touch();
        switch (reply.shape) {
            case Reply::Shape::silent:
                return watch_hang_up();
            case Reply::Shape::closed:
                return close();
            case Reply::Shape::reset: {
                error_code ignored;
                socket().set_option(net::socket_base::linger(true, 0), ignored);
                closed_ = true;
                idle_.cancel();
                socket().close(ignored);
                return;
            }
            case Reply::Shape::cut:
                keep_alive_ = false;
                break;
            case Reply::Shape::whole:
                break;
        }
        if (reply.flood && !reply.flood->finish) keep_alive_ = false;
        const bool in_chunks = chunked(reply);
        out_ = head_text(reply, http_date(), keep_alive_);
        flood_ = std::move(reply.flood);
        if (flood_ && flood_->in_headers) return write_out();
        std::string_view body = reply.body;
        if (reply.shape == Reply::Shape::cut) body = body.substr(0, body.size() / 2);
        if (head_only_) body = {};
        if (!in_chunks) {
            out_.append(body);
        } else {
            append_chunk(out_, body);
            if (!flood_ && !head_only_) out_.append("0\r\n\r\n");
        }
        write_out();
    }

    void write_out() {
        net::async_write(stream_, net::buffer(out_), [self = this->shared_from_this()](error_code failed, std::size_t) {
            if (failed) return self->close();
            self->touch();
            if (self->flood_) return self->flood();
            if (!self->keep_alive_) return self->close();
            self->read();
        });
    }

    void flood() {
        if (flood_->bytes == 0 || flood_->unit.empty()) return hold();
        std::string block;
        while (block.size() < flood_write_bytes && flood_->bytes > 0) {
            const auto take = std::min<std::uint64_t>(flood_->unit.size(), flood_->bytes);
            block.append(flood_->unit, 0, take);
            flood_->bytes -= take;
        }
        out_.clear();
        if (flood_->in_headers) {
            out_ = std::move(block);
        } else {
            append_chunk(out_, block);
        }
        write_out();
    }

    // Stays open for the flood's time, with a unit now and then if it drips.
    void hold() {
        if (flood_->hold_ns == 0) return end_flood();
        const auto now = Clock::now();
        if (!held_until_) {
            held_until_ = now + std::chrono::nanoseconds(flood_->hold_ns);
            watch_hang_up();
        }
        const auto left = *held_until_ - now;
        if (left <= Clock::duration::zero()) return end_flood();
        hold_.expires_after(flood_->drip ? std::min<Clock::duration>(left, drip_pause) : left);
        hold_.async_wait([self = this->shared_from_this()](error_code cancelled) {
            if (cancelled || self->closed_) return;
            if (!self->flood_->drip) return self->end_flood();
            self->out_.clear();
            append_chunk(self->out_, self->flood_->unit);
            self->write_out();
        });
    }

    void end_flood() {
        const bool finish = flood_->finish;
        flood_.reset();
        held_until_.reset();
        if (!finish) return close();
        out_ = "0\r\n\r\n";
        write_out();
    }

    Stream stream_;
    beast::flat_buffer buffer_;
    std::shared_ptr<Service> service_;
    net::steady_timer idle_;
    net::steady_timer hold_;
    Clock::time_point touched_;
    std::optional<http::request_parser<http::string_body>> parser_;
    std::string out_;
    std::optional<Flood> flood_;
    std::optional<Clock::time_point> held_until_;
    Abandon abandon_;
    std::atomic<bool> answered_ = true;  // set by the thread that answers, before the answer is sent
    bool working_ = false;
    bool continued_ = false;
    bool keep_alive_ = false;
    bool head_only_ = false;
    bool closed_ = false;
};

template <class Stream>
void run_session(Stream stream, beast::flat_buffer buffer, std::shared_ptr<Service> service) {
    std::make_shared<HttpSession<Stream>>(std::move(stream), std::move(buffer), std::move(service))->run();
}

}  // namespace

void serve_plain(tcp::socket socket, beast::flat_buffer buffer, std::shared_ptr<Service> service) {
    run_session(std::move(socket), std::move(buffer), std::move(service));
}

void serve_tls(tcp::socket socket, beast::flat_buffer buffer, std::shared_ptr<Service> service) {
    const auto tls = service->tls();
    run_session(TlsStream(std::move(socket), *tls), std::move(buffer), std::move(service));
}

}  // namespace stipend::devnet
