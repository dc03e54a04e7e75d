#include "tests/devnet/server.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <future>
#include <thread>
#include <vector>

#include "tests/devnet/session.hpp"

namespace stipend::devnet {
namespace {

namespace net = boost::asio;
using boost::system::error_code;
using net::ip::tcp;

constexpr auto stop_check = std::chrono::milliseconds(100);
constexpr auto accept_pause = std::chrono::milliseconds(20);
constexpr auto bind_pause = std::chrono::milliseconds(20);

Result<std::shared_ptr<net::ssl::context>> tls_context(const Certificate& certificate) {
    auto out = std::make_shared<net::ssl::context>(net::ssl::context::tls_server);
    error_code failed;
    out->use_certificate_chain(net::buffer(certificate.certificate_pem), failed);
    if (!failed) out->use_private_key(net::buffer(certificate.key_pem), net::ssl::context::pem, failed);
    if (failed) return fail(STIPEND_E_INTERNAL, "TLS certificate: ", failed.message());
    return out;
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text, Reach reach) {
    Endpoint out;
    const auto colon = text.rfind(':');
    if (colon != std::string_view::npos) out.host = std::string(text.substr(0, colon));
    const auto digits = colon == std::string_view::npos ? text : text.substr(colon + 1);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
    error_code failed;
    const auto address = net::ip::make_address(out.host, failed);
    const bool good = read.ec == std::errc() && read.ptr == digits.data() + digits.size() && !failed;
    if (!good || (reach == Reach::this_machine && !address.is_loopback())) {
        return fail(STIPEND_E_INVALID, "address: got \"", text, "\", want a loopback one such as 127.0.0.1:9935");
    }
    return out;
}

class Server::Impl {
  public:
    Impl(ServerLimits limits, unsigned threads) : limits_(limits) {
        for (unsigned i = 0; i < std::max(1U, threads); ++i) contexts_.push_back(std::make_unique<net::io_context>(1));
    }

    struct Listener {
        Listener(net::io_context& context, std::shared_ptr<Service> shared)
            : acceptor(context), pause(context), down(context), service(std::move(shared)) {}
        tcp::acceptor acceptor;
        net::steady_timer pause;
        net::steady_timer down;   // runs while the listener is closed for a time
        std::uint64_t downs = 0;  // such times; the end of an earlier one opens nothing
        tcp::endpoint endpoint;
        std::shared_ptr<Service> service;
    };

    Result<ListenerId> listen(const Endpoint& endpoint, Handler handler, const Certificate* certificate) {
        auto service = std::make_shared<Service>();
        service->handler = std::move(handler);
        service->limits = limits_;
        if (certificate != nullptr) {
            STIPEND_LET(tls, tls_context(*certificate));
            service->set_tls(std::move(tls));
        }
        auto listener = std::make_unique<Listener>(first(), std::move(service));
        error_code failed;
        listener->endpoint = {net::ip::make_address(endpoint.host, failed), endpoint.port};
        if (failed) return fail(STIPEND_E_INVALID, "listen: ", endpoint.host, ": ", failed.message());
        STIPEND_TRY(bind(*listener));
        listener->endpoint = listener->acceptor.local_endpoint(failed);
        listeners_.push_back(std::move(listener));
        return listeners_.size() - 1;
    }

    static Result<void> bind(Listener& listener) {
        error_code failed;
        auto& acceptor = listener.acceptor;
        acceptor.open(listener.endpoint.protocol(), failed);
        if (!failed) acceptor.set_option(net::socket_base::reuse_address(true), failed);
        if (!failed) acceptor.bind(listener.endpoint, failed);
        if (!failed) acceptor.listen(net::socket_base::max_listen_connections, failed);
        if (!failed) return {};
        error_code ignored;
        acceptor.close(ignored);
        return fail(STIPEND_E_UNAVAILABLE, "listen: ", listener.endpoint.address().to_string(), ":",
                    listener.endpoint.port(), ": ", failed.message());
    }

    void accept(Listener& listener) {
        auto& context = *contexts_[next_++ % contexts_.size()];
        listener.acceptor.async_accept(context, [this, &listener](error_code failed, tcp::socket socket) {
            if (!listener.acceptor.is_open() || failed == net::error::operation_aborted) return;
            if (!failed) {
                const auto executor = socket.get_executor();
                net::dispatch(executor, [socket = std::move(socket), service = listener.service]() mutable {
                    start_session(std::move(socket), std::move(service));
                });
                return accept(listener);
            }
            // Out of descriptors, most likely: some will come back.
            listener.pause.expires_after(accept_pause);
            listener.pause.async_wait([this, &listener](error_code cancelled) {
                if (!cancelled && listener.acceptor.is_open()) accept(listener);
            });
        });
    }

    void start() {
        for (auto& listener : listeners_) accept(*listener);
        for (auto& context : contexts_) {
            guards_.emplace_back(context->get_executor());
            threads_.emplace_back([&context] { context->run(); });
        }
    }

    void stop() {
        guards_.clear();
        for (auto& context : contexts_) context->stop();
        for (auto& thread : threads_) thread.join();
        threads_.clear();
    }

    // Runs on the first context's thread, which owns the acceptors.
    Result<void> switch_listener(Listener& listener, bool open, Leave leave = Leave::close) {
        listener.down.cancel();
        ++listener.downs;
        if (listener.acceptor.is_open() == open) return {};
        if (open) {
            STIPEND_TRY(bind(listener));
            accept(listener);
            return {};
        }
        error_code ignored;
        listener.acceptor.close(ignored);
        listener.pause.cancel();
        listener.service->sessions.abort_all(leave);
        return {};
    }

    void restart(ListenerId id, std::int64_t down_ns, std::function<void()> opening) {
        net::dispatch(first(), [this, id, down_ns, opening = std::move(opening)]() mutable {
            auto& listener = *listeners_.at(id);
            (void)switch_listener(listener, false, Leave::reset);
            reopen(listener, std::chrono::nanoseconds(down_ns), std::move(opening));
        });
    }

    // A port that was taken meanwhile is tried again until it is free.
    void reopen(Listener& listener, std::chrono::nanoseconds after, std::function<void()> opening) {
        listener.down.expires_after(after);
        const auto number = ++listener.downs;
        listener.down.async_wait([this, &listener, number, opening = std::move(opening)](error_code cancelled) mutable {
            if (cancelled || number != listener.downs) return;
            if (opening) std::exchange(opening, nullptr)();
            if (!bind(listener)) return reopen(listener, bind_pause, nullptr);
            accept(listener);
        });
    }

    void settle() {
        auto done = std::make_shared<std::promise<void>>();
        auto future = done->get_future();
        net::dispatch(first(), [done] { done->set_value(); });
        while (future.wait_for(stop_check) != std::future_status::ready) {
            if (first().stopped()) return;
        }
    }

    Result<void> set_certificate(ListenerId id, const Certificate& certificate) {
        STIPEND_LET(tls, tls_context(certificate));
        listeners_.at(id)->service->set_tls(std::move(tls));
        return {};
    }

    Result<void> set_open(ListenerId id, bool open) {
        auto done = std::make_shared<std::promise<Result<void>>>();
        auto future = done->get_future();
        net::dispatch(first(), [this, id, open, done] { done->set_value(switch_listener(*listeners_.at(id), open)); });
        while (future.wait_for(stop_check) != std::future_status::ready) {
            if (first().stopped()) return fail(STIPEND_E_CANCELLED, "listener: the server stops");
        }
        return future.get();
    }

    void after(std::int64_t delay_ns, std::function<void()> then) {
        auto timer = std::make_shared<net::steady_timer>(first(), std::chrono::nanoseconds(delay_ns));
        timer->async_wait([timer, then = std::move(then)](error_code cancelled) {
            if (!cancelled) then();
        });
    }

    [[nodiscard]] std::uint16_t port(ListenerId id) const { return listeners_.at(id)->endpoint.port(); }

  private:
    net::io_context& first() { return *contexts_.front(); }

    ServerLimits limits_;
    // The contexts die last: what is queued in them still points to the listeners' services.
    std::vector<std::unique_ptr<net::io_context>> contexts_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::vector<net::executor_work_guard<net::io_context::executor_type>> guards_;
    std::vector<std::thread> threads_;
    std::size_t next_ = 0;
};

Server::Server(ServerLimits limits, unsigned threads) : impl_(std::make_unique<Impl>(limits, threads)) {}
Server::~Server() {
    stop();
}

Result<Server::ListenerId> Server::listen(const Endpoint& endpoint, Handler handler, const Certificate* certificate) {
    return impl_->listen(endpoint, std::move(handler), certificate);
}
std::uint16_t Server::port(ListenerId id) const {
    return impl_->port(id);
}
void Server::start() {
    impl_->start();
}
void Server::stop() {
    impl_->stop();
}
Result<void> Server::set_open(ListenerId id, bool open) {
    return impl_->set_open(id, open);
}
Result<void> Server::set_certificate(ListenerId id, const Certificate& certificate) {
    return impl_->set_certificate(id, certificate);
}
void Server::restart(ListenerId id, std::int64_t down_ns, std::function<void()> opening) {
    impl_->restart(id, down_ns, std::move(opening));
}
void Server::settle() {
    impl_->settle();
}
void Server::after(std::int64_t delay_ns, std::function<void()> then) {
    impl_->after(delay_ns, std::move(then));
}

}  // namespace stipend::devnet
