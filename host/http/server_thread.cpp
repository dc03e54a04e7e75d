#include "host/http/server_thread.hpp"

#include <pthread.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <system_error>

#include "host/base/thread_signals.hpp"

namespace stipend::http {

struct ServerThread::Guard {
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
};

ServerThread::ServerThread()
    : io_(std::make_shared<boost::asio::io_context>(1)), guard_(new Guard{boost::asio::make_work_guard(*io_)}) {}

Result<std::unique_ptr<ServerThread>> ServerThread::create() {
    std::unique_ptr<ServerThread> self(new ServerThread());
    const SignalsBlocked blocked;
    try {
        self->thread_ = std::thread([io = self->io_] { io->run(); });
    } catch (const std::system_error& failure) {
        return fail(STIPEND_E_UNAVAILABLE, "HTTP server: no thread: ", failure.what());
    }
    ::pthread_setname_np(self->thread_.native_handle(), "stipend-listen");
    return self;
}

ServerThread::~ServerThread() {
    guard_.reset();
    if (thread_.joinable()) thread_.join();
}

}  // namespace stipend::http
