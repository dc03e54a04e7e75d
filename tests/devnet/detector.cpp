// The beginning of a connection, and the set of those that a listener has.
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/detect_ssl.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <vector>

#include "tests/devnet/session.hpp"

namespace stipend::devnet {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using net::ip::tcp;

constexpr auto drain_time = std::chrono::seconds(1);

// Distinguishes TLS from plain HTTP, which is refused, by the first bytes; keeps itself alive.
class Detector final : public Session, public std::enable_shared_from_this<Detector> {
  public:
    Detector(tcp::socket socket, std::shared_ptr<Service> service)
        : socket_(std::move(socket)), service_(std::move(service)), deadline_(socket_.get_executor()) {}
    ~Detector() override { service_->sessions.remove(this); }

    void run() {
        auto self = shared_from_this();
        if (!service_->sessions.add(this, self, service_->limits.connections)) return;
        deadline_.expires_after(std::chrono::milliseconds(service_->limits.idle_ms));
        deadline_.async_wait([self](error_code cancelled) {
            error_code ignored;
            if (!cancelled) self->socket_.close(ignored);
        });
        beast::async_detect_ssl(socket_, buffer_, [self](error_code failed, bool tls) {
            self->deadline_.cancel();
            if (failed) return;
            if (tls) {
                serve_tls(std::move(self->socket_), std::move(self->buffer_), self->service_);
            } else {
                self->refuse();
            }
        });
    }
    void abort(Leave leave) override {
        net::post(socket_.get_executor(), [self = shared_from_this(), leave] {
            error_code ignored;
            self->deadline_.cancel();
            if (leave == Leave::reset) self->socket_.set_option(net::socket_base::linger(true, 0), ignored);
            self->socket_.close(ignored);
        });
    }

  private:
    // As Go's server answers plain HTTP on a TLS port; then the rest is read away, so that no reset overtakes the
    // answer.
    void refuse() {
        static constexpr std::string_view text =
            "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
        deadline_.expires_after(drain_time);
        deadline_.async_wait([self = shared_from_this()](error_code cancelled) {
            error_code ignored;
            if (!cancelled) self->socket_.close(ignored);
        });
        net::async_write(socket_, net::buffer(text), [self = shared_from_this()](error_code failed, std::size_t) {
            error_code ignored;
            self->socket_.shutdown(tcp::socket::shutdown_send, ignored);
            if (!failed) self->drain();
        });
    }
    void drain() {
        socket_.async_read_some(net::buffer(rest_), [self = shared_from_this()](error_code failed, std::size_t) {
            if (!failed) return self->drain();
            self->deadline_.cancel();
        });
    }

    tcp::socket socket_;
    beast::flat_buffer buffer_;
    std::shared_ptr<Service> service_;
    net::steady_timer deadline_;
    std::array<char, 4096> rest_{};
};

}  // namespace

bool SessionSet::add(Session* key, std::weak_ptr<Session> session, std::size_t limit) {
    const std::lock_guard lock(mutex_);
    return sessions_.size() < limit && sessions_.emplace(key, std::move(session)).second;
}

void SessionSet::remove(Session* key) {
    const std::lock_guard lock(mutex_);
    sessions_.erase(key);
}

void SessionSet::abort_all(Leave leave) {
    // A session that dies here removes itself, so not under the lock.
    std::vector<std::shared_ptr<Session>> alive;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [key, session] : sessions_) {
            if (auto shared = session.lock()) alive.push_back(std::move(shared));
        }
    }
    for (const auto& session : alive) session->abort(leave);
}

void start_session(tcp::socket socket, std::shared_ptr<Service> service) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    if (service->tls()) {
        std::make_shared<Detector>(std::move(socket), std::move(service))->run();
    } else {
        serve_plain(std::move(socket), beast::flat_buffer(), std::move(service));
    }
}

}  // namespace stipend::devnet
