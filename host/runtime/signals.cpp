#include "host/runtime/signals.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>

namespace stipend::runtime {

struct Signals::State : std::enable_shared_from_this<State> {
    State(boost::asio::io_context& io, std::function<void()> stop, std::function<void()> reload)
        : set(io, SIGTERM, SIGINT, SIGHUP), on_stop(std::move(stop)), on_reload(std::move(reload)) {}

    void wait() {
        set.async_wait([self = shared_from_this()](const boost::system::error_code& error, int signal) {
            if (error) return;
            signal == SIGHUP ? self->on_reload() : self->on_stop();
            self->wait();
        });
    }

    boost::asio::signal_set set;
    const std::function<void()> on_stop, on_reload;
};

Signals::Signals(ControlLoop& loop, std::function<void()> on_stop, std::function<void()> on_reload)
    : state_(std::make_shared<State>(loop.io(), std::move(on_stop), std::move(on_reload))) {
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGIO, SIG_IGN);  // of a lease that the open of a writer breaks
    state_->wait();
}

Signals::~Signals() {
    state_->set.cancel();
}

}  // namespace stipend::runtime
