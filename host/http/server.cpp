#include "host/http/server.hpp"

#include <boost/asio/post.hpp>
#include <future>
#include <mutex>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

#include "host/base/time.hpp"
#include "host/http/listener.hpp"
#include "host/http/server_tls.hpp"
#include "host/http/session.hpp"

namespace stipend::http {
namespace {

namespace net = boost::asio;
using boost::system::error_code;

// Pause before accepting again when the system has no descriptor left: nothing reports when one is free.
constexpr auto accept_pause = std::chrono::milliseconds(100);

}  // namespace

class Server::Core final : public SessionHost {
  public:
    Core(ServerOptions options, Listener listener, ServerThread& thread)
        : options_(std::move(options)), listener_(std::move(listener)), thread_(thread), io_(thread.io()) {}

    [[nodiscard]] Result<void> start();
    void stop();
    [[nodiscard]] Result<std::uint64_t> add_route(Route route);
    void remove_route(std::uint64_t id);
    [[nodiscard]] const std::string& address() const { return listener_.address(); }

    [[nodiscard]] const ServerOptions& options() const override { return options_; }
    [[nodiscard]] net::io_context& io() override { return *io_; }
    [[nodiscard]] RouteTable::Match find(std::string_view method, std::string_view path) override;
    [[nodiscard]] bool draining() const override { return draining_; }
    void on_session_opened(Session* session) override { sessions_.insert(session); }
    void on_session_closed(Session* session) override;

  private:
    void accept_next();
    void serve(Socket socket);
    void drain();
    [[nodiscard]] std::shared_ptr<Core> self() { return std::static_pointer_cast<Core>(shared_from_this()); }

    const ServerOptions options_;
    Listener listener_;
    ServerThread& thread_;
    const std::shared_ptr<net::io_context> io_;
    Acceptor acceptor_{*io_};
    Timer accept_pause_{*io_};
    Timer drain_limit_{*io_};
    std::unordered_set<Session*> sessions_;
    bool draining_ = false;

    std::mutex routes_mutex_;
    std::shared_ptr<const RouteTable> routes_ = std::make_shared<const RouteTable>();
    std::uint64_t last_route_ = 0;

    std::mutex stop_mutex_;
    bool stopped_ = true;         // guarded by stop_mutex_; false between start and stop
    std::promise<void> drained_;  // no session is left, and none follows
};

Result<void> Server::Core::start() {
    error_code error;
    auto socket = listener_.take();
    acceptor_.assign(net::generic::stream_protocol(listener_.family(), 0), socket.get(), error);
    if (error) return fail(STIPEND_E_UNAVAILABLE, "HTTP server at ", address(), ": ", error.message());
    [[maybe_unused]] const int handed_on = socket.release();
    stopped_ = false;
    net::post(*io_, [self = self()] { self->accept_next(); });
    return {};
}

void Server::Core::stop() {
    const std::lock_guard lock(stop_mutex_);
    if (std::exchange(stopped_, true)) return;
    STIPEND_ASSERT(!thread_.current());
    net::post(*io_, [self = self()] { self->drain(); });
    drained_.get_future().wait();
    listener_.remove_file();
}

void Server::Core::drain() {
    draining_ = true;
    error_code ignored;
    listener_.end();
    acceptor_.close(ignored);
    accept_pause_.cancel();
    const std::vector<Session*> present(sessions_.begin(), sessions_.end());
    for (auto* session : present) session->drain();
    if (sessions_.empty()) return drained_.set_value();
    drain_limit_.expires_after(std::chrono::milliseconds(options_.stop_timeout_ms));
    drain_limit_.async_wait([self = self()](error_code error) {
        if (error) return;
        const std::vector<Session*> left_over(self->sessions_.begin(), self->sessions_.end());
        for (auto* session : left_over) session->close();
    });
}

void Server::Core::on_session_closed(Session* session) {
    const auto self = this->self();  // `stop` may return before the end of this function
    sessions_.erase(session);
    if (!draining_ || !sessions_.empty()) return;
    drain_limit_.cancel();
    drained_.set_value();
}

void Server::Core::accept_next() {
    if (draining_) return;
    acceptor_.async_accept([self = self(), this](error_code error, Socket socket) {
        if (draining_) return;
        if (!error) {
            serve(std::move(socket));
        } else if (error == net::error::no_descriptors || error == std::errc::too_many_files_open_in_system ||
                   error == net::error::no_buffer_space || error == net::error::no_memory) {
            accept_pause_.expires_after(accept_pause);
            accept_pause_.async_wait([self, this](error_code cancelled) {
                if (!cancelled) accept_next();
            });
            return;
        }
        accept_next();
    });
}

void Server::Core::serve(Socket socket) {
    if (sessions_.size() < options_.max_connections) {
        std::make_shared<Session>(*this, std::move(socket), options_.tls ? options_.tls->context() : nullptr)->start();
        return;
    }
    if (options_.tls) return;  // what is not encrypted says nothing to this client
    const auto busy = response_text(options_.error(503, "too many connections"), false, false, SystemClock().now());
    // Sent as far as the socket accepts it at once.
    ::send(socket.native_handle(), busy.data(), busy.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

RouteTable::Match Server::Core::find(std::string_view method, std::string_view path) {
    std::shared_ptr<const RouteTable> table;
    {
        const std::lock_guard lock(routes_mutex_);
        table = routes_;
    }
    return table->find(method, path);
}

Result<std::uint64_t> Server::Core::add_route(Route route) {
    const std::lock_guard lock(routes_mutex_);
    auto table = std::make_shared<RouteTable>(*routes_);
    STIPEND_TRY(table->add(last_route_ + 1, std::move(route)));
    routes_ = std::move(table);
    return ++last_route_;
}

void Server::Core::remove_route(std::uint64_t id) {
    const std::lock_guard lock(routes_mutex_);
    auto table = std::make_shared<RouteTable>(*routes_);
    table->remove(id);
    routes_ = std::move(table);
}

Result<std::unique_ptr<Server>> Server::create(ServerOptions options, ServerThread* shared) {
    if (options.listen.empty() == options.unix_socket.empty()) {
        return fail(STIPEND_E_INVALID, "HTTP server: want either an address or a unix socket to listen at");
    }
    auto listener =
        options.unix_socket.empty() ? Listener::on_tcp(options.listen) : Listener::on_unix(options.unix_socket);
    if (!listener) return std::move(listener).error();
    try {
        std::unique_ptr<ServerThread> own;
        if (shared == nullptr) STIPEND_SET(own, ServerThread::create());
        auto core = std::make_shared<Core>(std::move(options), std::move(*listener), own ? *own : *shared);
        STIPEND_TRY(core->start());
        return std::unique_ptr<Server>(new Server(std::move(own), std::move(core)));
    } catch (const std::exception& failure) {
        return fail(STIPEND_E_UNAVAILABLE, "HTTP server: ", failure.what());
    }
}

Responder& Responder::operator=(Responder&& other) noexcept {
    std::swap(exchange_, other.exchange_);
    return *this;
}

Responder::~Responder() {
    if (!exchange_ || !exchange_->open()) return;
    // It may lose the race against the deadline, which answers as well.
    [[maybe_unused]] const auto given = exchange_->give(exchange_->error(504, "no answer was given"));
}

Result<void> Responder::respond(ServerResponse response) {
    if (!exchange_) return fail(STIPEND_E_STATE, "answer: this responder was moved away");
    if (filter_) filter_(response);
    return exchange_->give(std::move(response));
}

Server::Server(std::unique_ptr<ServerThread> own_thread, std::shared_ptr<Core> core)
    : own_thread_(std::move(own_thread)), core_(std::move(core)) {}
Server::~Server() {
    core_->stop();
}
Result<std::uint64_t> Server::add_route(Route route) {
    return core_->add_route(std::move(route));
}
void Server::remove_route(std::uint64_t id) {
    core_->remove_route(id);
}
const std::string& Server::address() const {
    return core_->address();
}
void Server::stop() {
    core_->stop();
}

}  // namespace stipend::http
