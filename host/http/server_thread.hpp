// The thread that HTTP servers run on; several may share one.
#pragma once

#include <memory>
#include <thread>

#include "stipend/result.hpp"

namespace boost::asio {
class io_context;
}

namespace stipend::http {

class ServerThread {
  public:
    // UNAVAILABLE: the system refuses a thread.
    [[nodiscard]] static Result<std::unique_ptr<ServerThread>> create();
    ~ServerThread();  // when all its servers have stopped; joins
    ServerThread(const ServerThread&) = delete;
    ServerThread& operator=(const ServerThread&) = delete;

    // Outlives the thread where a responder that is still held needs it.
    [[nodiscard]] const std::shared_ptr<boost::asio::io_context>& io() const { return io_; }
    [[nodiscard]] bool current() const { return thread_.get_id() == std::this_thread::get_id(); }

  private:
    ServerThread();
    struct Guard;
    const std::shared_ptr<boost::asio::io_context> io_;
    std::unique_ptr<Guard> guard_;
    std::thread thread_;
};

}  // namespace stipend::http
